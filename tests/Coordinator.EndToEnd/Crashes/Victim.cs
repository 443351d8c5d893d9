namespace Coordinator.EndToEnd.Crashes;

/// <summary>The part that is killed.</summary>
public enum Victim
{
    FirstCoordinator,
    SecondCoordinator,
    SourceAgent,
    DestinationAgent,
}
