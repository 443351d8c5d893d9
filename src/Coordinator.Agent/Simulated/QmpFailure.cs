namespace Coordinator.Agent.Simulated;

/// <summary>QMP's answer to a command that is refused.</summary>
internal sealed class QmpFailure(string description, string errorClass = QmpFailure.Generic) : Exception(description)
{
    public const string Generic = "GenericError";
    public const string NoSuchCommand = "CommandNotFound";
    public const string NoSuchDevice = "DeviceNotFound";

    public string ErrorClass { get; } = errorClass;
}
