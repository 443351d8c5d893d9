using Akka.Actor;
using Akka.Event;
using Coordinator.Actors.HostFencing;
using Coordinator.Actors.Operators;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Migration;

namespace Coordinator.Actors.Migrations;

/// <summary>Hosts that are proven off. The hook powers hosts off, so it is asked about the wrong one never, and about the right one by whom the journal names.</summary>
internal sealed partial class MigrationActor
{
    private static readonly TimeSpan s_askHookEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_lookAgain = TimeSpan.FromMilliseconds(500);

    /// <summary>By host, the newest run of the hook, under way or over. One run serves all who ask meanwhile, and who asked for it is answered from it again, because clients repeat a request.</summary>
    private readonly Dictionary<HostName, HookRun> _hookRuns = [];

    /// <summary>The one host for which the hook is asked without a person in this attempt, and since when, or until when, that waits.</summary>
    private SilentHost? _silent;

    private void OnProveHostOff(ProveHostOff off)
    {
        HostName host = new(off.Host);
        RequestId request = new(off.RequestId);
        SignedWord word = new(off.By, off.Proof.Length > 0 ? off.Proof : "asks the hook");
        VmCommand.ProveHostOff command = new(request, new AttemptNo(off.Attempt), host, IsConnected(host), word);
        if (off.Proof.Length > 0 && off.PowerOff)
        {
            throw new InvalidValueException("proof", off.Proof, "empty when the hook is to power the host off: the hook's own words are the proof then");
        }

        if (off.Proof.Length > 0)
        {
            Ask(command);
            return;
        }

        // What the hook cannot change is answered without running it.
        if (VmDecisions.Decide(Entity, command with { Connected = false }).Events.IsEmpty)
        {
            Ask(command with { Connected = false });
            return;
        }

        if (_hookRuns.TryGetValue(host, out HookRun? run) && (!run.IsOver || run.Requests.Contains(request)))
        {
            JoinHook(run, request, ReplyTo(Sender, command));
        }
        else if (IsConnected(host) && !off.PowerOff)
        {
            ReplyTo(Sender, command)(new VmReply(
                VmReplyKind.FailedPrecondition,
                $"the agent of {host} is connected, so the host is not off, and the fencing hook was not asked; if it is to be powered off nevertheless, with every guest on it, insist with --power-off"));
        }
        else
        {
            string how = IsConnected(host) ? " to power it off though its agent was connected" : "";
            JoinHook(AskHook(request, State.Migration!.Attempt, host, $"asked by {word.By}{how}"), request, ReplyTo(Sender, command));
        }
    }

    /// <summary>
    /// In doubt because of one silent host: the operator's hook is asked without waiting for a person, if it is configured so. Never when both agents are silent (then the network, or this node, is
    /// as likely the cause, and nobody is left who could go on), never for a second host of an attempt, and never where the proof would change nothing.
    /// </summary>
    private void AskHookByItself()
    {
        if (_parts.Fencing.AutomaticAfter is not { } after || State.Migration is not { Phase: MigrationPhase.InDoubt, Resolution: null, ProvenOff.IsEmpty: true } m
            || OneSilent(m) is not { } host || !DoubtChoices.WaitsFor(Entity, m, host))
        {
            // A host that was asked about stays the only one of its attempt.
            _silent = _silent is { WasAsked: true } asked && asked.Attempt == State.Migration?.Attempt ? asked with { AskAt = TimeSpan.Zero } : null;
            return;
        }

        if (_silent is not { } known || known.Attempt != m.Attempt || (known.Host != host && !known.WasAsked))
        {
            _silent = new SilentHost(m.Attempt, host, Now + after, WasAsked: false);
        }
        else if (known.Host == host && known.AskAt == TimeSpan.Zero)
        {
            _silent = known with { AskAt = Now + after };
        }
        else if (known.Host == host && Now >= known.AskAt && _hookRuns.Values.All(r => r.IsOver))
        {
            _silent = known with { AskAt = Now + s_askHookEvery, WasAsked = true };
            AskHook(new RequestId($"fence-{m.Id}-{m.Attempt}-{host}"), m.Attempt, host, "asked by no person (coordinator.fencing.automatic)");
        }
    }

    private HostName? OneSilent(MigrationState m) => (IsConnected(m.Source), IsConnected(m.Destination)) switch
    {
        (true, false) => m.Destination,
        (false, true) => m.Source,
        _ => null,
    };

    private HookRun AskHook(RequestId request, AttemptNo attempt, HostName host, string askedBy)
    {
        _log.Warning("{0}: the fencing hook is asked to prove {1} off, {2}", _vm, host, askedBy);
        HookRun run = new(host, attempt, askedBy, Now);
        _hookRuns[host] = run;
        run.Requests.Add(request);
        Task<FencingAnswer> answer = _parts.Fencing.ProveOffAsync(host, _vm, CancellationToken.None);
        _ = answer.PipeTo(
            Self,
            success: said => new HookAnswered(run, request, said),
            failure: e => new HookAnswered(run, request, new FencingAnswer(IsOff: false, e.GetBaseException().Message)));
        return run;
    }

    private static void JoinHook(HookRun run, RequestId request, Action<VmReply> tell)
    {
        run.Requests.Add(request);
        if (run.Reply is { } said)
        {
            tell(said);
        }
        else
        {
            run.Waiting.Add(tell);
        }
    }

    private void OnHookAnswered(HookAnswered answered)
    {
        HookRun run = answered.Run;
        if (answered.Answer.IsOff && IsConnected(run.Host) && Now - run.AskedAt < FencingLimits.DisconnectWithin)
        {
            Timers.StartSingleTimer($"hook-{run.Host}", answered, s_lookAgain);
            return;
        }

        if (answered.Answer.IsOff && State.Migration?.Attempt != run.Attempt)
        {
            run.End(new VmReply(VmReplyKind.FailedPrecondition, $"{run.Host} was proven off ({answered.Answer.Said}), but attempt {run.Attempt}, for which the hook was asked, is over; look at the migration again"));
        }
        else if (answered.Answer.IsOff)
        {
            string proof = OperatorAnswer.OneLine($"{run.AskedBy}; {answered.Answer.Said}", SignedWord.LongestProof);
            Execute(run.End, new VmCommand.ProveHostOff(answered.Request, run.Attempt, run.Host, IsConnected(run.Host), new SignedWord("the fencing hook", proof)));
        }
        else
        {
            _log.Error("{0}: {1} could not be proven off ({2}): {3}", _vm, run.Host, run.AskedBy, answered.Answer.Said);
            run.End(new VmReply(VmReplyKind.FailedPrecondition, $"{run.Host} could not be proven off: {answered.Answer.Said}"));
        }
    }

    private bool IsConnected(HostName host) => _parts.Hosts.Find(host.Value) is { Connected: true };

    /// <param name="AskAt">On the monotonic clock; zero while the silence does not count.</param>
    private sealed record SilentHost(AttemptNo Attempt, HostName Host, TimeSpan AskAt, bool WasAsked);
}

/// <summary>One run of the fencing hook, and whoever waits for its answer.</summary>
internal sealed class HookRun(HostName host, AttemptNo attempt, string askedBy, TimeSpan askedAt)
{
    internal HostName Host => host;

    /// <summary>What it proves, it proves for this one; the host may have been repaired before the next.</summary>
    internal AttemptNo Attempt => attempt;

    /// <summary>For the journal: whoever asked first.</summary>
    internal string AskedBy => askedBy;

    internal TimeSpan AskedAt => askedAt;

    internal HashSet<RequestId> Requests { get; } = [];

    internal List<Action<VmReply>> Waiting { get; } = [];

    /// <summary>Null while it is under way.</summary>
    internal VmReply? Reply { get; private set; }

    internal bool IsOver => Reply is not null;

    internal void End(VmReply reply)
    {
        Reply = reply;
        Waiting.ForEach(tell => tell(reply));
        Waiting.Clear();
    }
}
