using Coordinator.Actors.HostFencing;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.Migrations;

/// <summary>Brings a migration into doubt, and says what persons and the fencing hook say.</summary>
public abstract class DoubtKit : MigrationKit
{
    private protected FakeHook Hook { get; } = new();

    private protected override IFencingHook Fencing => Hook;

    /// <summary>The source has completed, the copy has loaded, and the agents do not reach each other.</summary>
    private protected async Task Completed()
    {
        await StartVm();
        World.LinkCut = true;
        await Migrate(policy: Policy with { SwitchoverDeadlineMs = 100, IterateDeadlineMs = 1_000 });
        await Eventually(
            () => Task.FromResult(World.A.Source.Records.Completed.Value == 1 && World.B.Destination.Stage == Domain.Handoff.DestinationStage.Loaded), "the source has completed");
    }

    /// <summary>One of the hosts goes off, and nobody says so: the deadlines raise the doubt.</summary>
    private protected async Task DoubtWithout(FakeHost off)
    {
        await Completed();
        World.SwitchOff(off);
        await Phase(MigrationPhase.InDoubt);
    }

    private protected async Task SourceOff()
    {
        await Completed();
        World.SwitchOff(World.A);
        await Off("host-a");
        await Phase(MigrationPhase.InDoubt);
    }

    /// <summary>What a host that is off owes is not waited for, and stays owed.</summary>
    private protected async Task<Api.Migration> TerminalButFor(string off)
    {
        Api.Migration ended = await Terminal();
        Assert.Contains(ended.Owed, o => o.StartsWith($"{off} has not confirmed yet", StringComparison.Ordinal));
        return ended;
    }

    private protected Task<VmAnswer> Off(string host) => Insist(new ProveHostOff(FakeWorld.Vm, $"off-{host}", 1, host, "ann", "the rack has no power", PowerOff: false));

    private protected Task<VmAnswer> AskHook(string host, bool powerOff = false, string request = "fence-1") => Insist(new ProveHostOff(FakeWorld.Vm, request, 1, host, "ann", "", powerOff));

    private protected Task<VmAnswer> Keep(params string[] disks) => Resolve("KeepSource", disks);

    /// <summary>Each word is a request of its own.</summary>
    private int _said;

    private protected Task<VmAnswer> Resolve(string choice, string[] disks, int attempt = 0) => Insist(new ResolveDoubt(
        FakeWorld.Vm, $"resolve-{choice}-{_said++}", 1, choice, "ann", "the rack has no power", disks, attempt, attempt == 0 ? Guid.Empty : World.B.Store.Value, []));

    private protected static void Refused(VmAnswer answer, params string[] anyOf)
    {
        Assert.Equal(AnswerKind.FailedPrecondition, answer.Kind);
        Assert.True(anyOf.Any(reason => answer.Message.Contains(reason, StringComparison.Ordinal)), answer.Message);
    }

    private protected sealed class FakeHook : IFencingHook
    {
        private int _looks;

        /// <summary>How often the entity has looked whether it is to be asked without a person.</summary>
        public int Looks => _looks;

        public TimeSpan? After { get; set; }

        public TimeSpan? AutomaticAfter
        {
            get
            {
                Interlocked.Increment(ref _looks);
                return After;
            }
        }

        public FencingAnswer Answers { get; set; } = new(IsOff: false, "port 7 answers");

        /// <summary>What the hook does to the host.</summary>
        public Action Acts { get; set; } = () => { };

        public System.Collections.Concurrent.ConcurrentQueue<string> Asked { get; } = [];

        public Task<FencingAnswer> ProveOffAsync(HostName host, VmName vm, CancellationToken stop)
        {
            Asked.Enqueue(host.Value);
            Acts();
            return Task.FromResult(Answers);
        }
    }
}
