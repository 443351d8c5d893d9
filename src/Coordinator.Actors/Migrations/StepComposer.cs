using Coordinator.Actors.Agents;
using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Google.Protobuf;

namespace Coordinator.Actors.Migrations;

/// <summary>
/// Writes an effect as a step for an agent. What an effect does not carry comes from the journalled state and from the destination's newest report.
/// </summary>
internal static class StepComposer
{
    /// <returns>Null while something that the step must name has not been reported yet.</returns>
    internal static Step? Compose(VmName vm, VmState state, HostViews views, VmEffect effect, long stepNo)
    {
        Step step = new()
        {
            Vm = vm.Value,
            Epoch = state.Epoch.Value,
            Incarnation = WireIds.Write(state.Incarnation.Value),
            StepNo = stepNo,
        };
        if (effect is VmEffect.Fence)
        {
            step.Fence = new Fence();
            return step;
        }

        // The fence is asked for beside it, and brings the report.
        if (views.Of(VmEffects.HostOf(effect)) is not { } addressee)
        {
            return null;
        }

        step.StoreInstance = addressee.Raw.StoreInstance;
        switch (effect)
        {
            case VmEffect.LaunchVm e:
                step.Launch = new LaunchVm { Launch = WireIds.Write(e.Launch.Value), DefinitionYaml = e.DefinitionYaml };
                return step;
            case VmEffect.EndVm e:
                step.EndVm = new EndVm { Launch = WireIds.Write(e.Launch.Value), DefinitionYaml = state.DefinitionYaml };
                return step;
            case VmEffect.CancelAttempt e:
                step.Cancel = new CancelAttempt { Attempt = e.Attempt.Value };
                return step;
            case VmEffect.CleanUpDestination e:
                step.CleanUp = new CleanUpDestination { Attempt = e.Attempt.Value };
                return step;
            case VmEffect.AbandonDestination e:
                step.Abandon = new AbandonDestination { Attempt = e.Attempt.Value };
                return step;
            case VmEffect.EndSource e:
                step.EndSource = new EndSource { Attempt = e.Attempt.Value, Launch = WireIds.Write(e.Launch.Value) };
                return step;
            case VmEffect.KeepSourceByWord e:
                step.KeepSource = new KeepSourceByWord { Attempt = e.Attempt.Value, Launch = WireIds.Write(e.Launch.Value) };
                return step;
            case VmEffect.GiveUpSource e:
                step.GiveUpSource = new GiveUpSource { Attempt = e.Attempt.Value, Launch = WireIds.Write(e.Launch.Value) };
                return step;
            case VmEffect.RunDestinationByWord e:
                step.RunDestination = new RunDestinationByWord { Attempt = e.Attempt.Value, Launch = WireIds.Write(e.Launch.Value) };
                return step;
            case VmEffect.CarryRelease e:
                step.CarryRelease = new CarryRelease
                {
                    Attempt = e.Record.Attempt.Value,
                    DestinationStore = WireIds.Write(e.Record.DestinationStore.Value),
                    Released = ByteString.FromBase64(e.Record.Released),
                };
                return step;
            case VmEffect.EndOverruled e:
                step.EndOverruled = new EndOverruled { Attempt = e.Attempt.Value, Launch = WireIds.Write(e.Launch.Value) };
                return step;
            default:
                return state.Migration is { } migration ? OfMigration(step, state, migration, views, effect) : null;
        }
    }

    private static Step? OfMigration(Step step, VmState state, MigrationState migration, HostViews views, VmEffect effect)
    {
        VmReport? destination = views.Of(migration.Destination)?.Raw;
        switch (effect)
        {
            case VmEffect.PrepareDestination e:
                step.Prepare = new PrepareDestination
                {
                    Attempt = e.Attempt.Value,
                    Launch = WireIds.Write(e.Launch.Value),
                    DefinitionYaml = state.DefinitionYaml,
                    Settings = Settings(migration.Policy),
                    SourceHost = migration.Source.Value,
                };
                return step;
            case VmEffect.Rehearse e when destination is { HandoffAddress.Length: > 0 }:
                step.Rehearse = new Rehearse
                {
                    Attempt = e.Attempt.Value,
                    DestinationHost = migration.Destination.Value,
                    HandoffAddress = destination.HandoffAddress,
                    DestinationStore = WireIds.Write(migration.DestinationStore.Value),
                };
                return step;
            case VmEffect.StartAttempt e when destination is { HandoffAddress.Length: > 0, Destination.StreamUri.Length: > 0 }
                && destination.Destination.Attempt == e.Attempt.Value:
                step.Start = new StartAttempt
                {
                    Attempt = e.Attempt.Value,
                    DestinationStore = WireIds.Write(e.DestinationStore.Value),
                    DestinationHost = migration.Destination.Value,
                    HandoffAddress = destination.HandoffAddress,
                    StreamUri = destination.Destination.StreamUri,
                    Settings = Settings(migration.Policy),
                };
                return step;
            default:
                return null;
        }
    }

    private static MigrationSettings Settings(MigrationPolicy policy) => new()
    {
        DowntimeLimitMs = policy.DowntimeLimitMs,
        BandwidthBytesPerSec = policy.BandwidthBytesPerSec,
        SwitchoverDeadlineMs = policy.SwitchoverDeadlineMs,
        VerifyMs = policy.VerifyMs,
    };
}
