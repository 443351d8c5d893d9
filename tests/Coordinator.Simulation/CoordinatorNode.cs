namespace Coordinator.Simulation;

/// <summary>A coordinator's process with the incarnations that it hosts. When it is gone, or is taken for gone, their VMs are taken over by another one.</summary>
public sealed class CoordinatorNode(World world, int number) : Party(world, $"coordinator-{number + 1}", number)
{
    public void Crash()
    {
        if (!IsAlive)
        {
            return;
        }

        Die();
        foreach (VirtualMachine vm in World.Vms)
        {
            foreach (Incarnation incarnation in vm.Incarnations.Where(i => i.Node == this).ToList())
            {
                incarnation.Stop();
            }
        }
    }

    public void Restart()
    {
        IsAlive = true;
        if (World.Tells)
        {
            World.Tell(Name, "coordinator starts");
        }
    }
}
