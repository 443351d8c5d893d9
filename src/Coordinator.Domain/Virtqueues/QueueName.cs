namespace Coordinator.Domain.Virtqueues;

/// <summary>Who makes a queue move. It decides whether a queue that stands still after the resume is explained.</summary>
public enum QueueRole
{
    /// <summary>Moves when something arrives from outside.</summary>
    Receive,

    /// <summary>Moves when the guest sends; what the guest has offered must be taken soon.</summary>
    Transmit,

    /// <summary>Moves only when the guest reconfigures its device.</summary>
    Control,

    /// <summary>Any queue of a device whose layout is not known here.</summary>
    Other,
}

/// <summary>
/// The name of a queue as people know it. virtio-net of N pairs: rx i = 2i, tx i = 2i + 1, ctrl = 2N, always the last one (virtio specification 1.2,
/// 5.1.2; measured on QEMU 7.2 and 10.0). Queues of other devices are called <c>queue i</c>.
/// </summary>
public readonly record struct QueueName(string Text, QueueRole Role)
{
    private const string VirtioNet = "virtio-net";

    /// <param name="deviceName">QEMU's name of the device type, for instance <c>virtio-net</c>.</param>
    /// <param name="index">Index of the queue in its device.</param>
    /// <param name="queueCount">
    /// <c>num-vqs</c> of the device, 0 when it is not known: then an even index above 0 stays unnamed, since it may be a receive or the control queue.
    /// </param>
    public static QueueName Of(string? deviceName, int index, int queueCount)
    {
        bool mayBeControl = queueCount <= 0 ? index > 0 && index % 2 == 0 : queueCount % 2 == 1 && index == queueCount - 1;
        if (deviceName != VirtioNet || (mayBeControl && queueCount <= 0))
        {
            return new QueueName($"queue {index}", QueueRole.Other);
        }

        if (mayBeControl)
        {
            return new QueueName("ctrl", QueueRole.Control);
        }

        return index % 2 == 0 ? new QueueName($"rx{index / 2}", QueueRole.Receive) : new QueueName($"tx{index / 2}", QueueRole.Transmit);
    }

    public override string ToString() => Text;
}
