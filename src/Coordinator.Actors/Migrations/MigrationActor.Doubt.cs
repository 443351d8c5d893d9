using Akka.Actor;
using Akka.Event;
using Coordinator.Actors.HostFencing;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Migration;

namespace Coordinator.Actors.Migrations;

/// <summary>Hosts that are proven off.</summary>
internal sealed partial class MigrationActor
{
    /// <summary>A host that was just switched off is shown as connected until its stream's keep-alive fails; the proof waits for that.</summary>
    private static readonly TimeSpan s_disconnectWithin = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan s_askHookEvery = TimeSpan.FromMinutes(1);
    /// <summary>An agent that restarts, or goes on at another node, is back within this; a host is not switched off for that.</summary>
    private static readonly TimeSpan s_silentFor = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan s_lookAgain = TimeSpan.FromMilliseconds(500);

    /// <summary>Runs of the hook by host, with whoever waits for the answer; one run serves all, because clients repeat a request that is not answered at once.</summary>
    private readonly Dictionary<HostName, List<Action<VmReply>>> _hookRuns = [];

    /// <summary>From when on the hook may be asked, or asked again, by itself about a host that is not connected.</summary>
    private readonly Dictionary<HostName, TimeSpan> _hookFrom = [];

    private void OnProveHostOff(ProveHostOff off)
    {
        HostName host = new(off.Host);
        RequestId request = new(off.RequestId);
        SignedWord word = new(off.By, off.Proof.Length > 0 ? off.Proof : "asks the hook");
        VmCommand.ProveHostOff command = new(request, State.Migration?.Attempt ?? AttemptNo.None, host, IsConnected(host), word);
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

        AskHook(request, host).Add(ReplyTo(Sender, command));
    }

    /// <summary>In doubt because of a silent host: the operator's hook is asked without waiting for a person, if it is configured so.</summary>
    private void AskHookByItself()
    {
        if (!_parts.Fencing.IsAutomatic || State.Migration is not { Phase: MigrationPhase.InDoubt, Resolution: null } m)
        {
            return;
        }

        foreach (HostName host in (ReadOnlySpan<HostName>)[m.Source, m.Destination])
        {
            if (m.IsProvenOff(host) || IsConnected(host))
            {
                _hookFrom.Remove(host);
            }
            else if (!_hookFrom.TryGetValue(host, out TimeSpan from))
            {
                _hookFrom[host] = Now + s_silentFor;
            }
            else if (Now >= from)
            {
                AskHook(new RequestId($"fence-{m.Id}-{m.Attempt}-{host}"), host);
            }
        }
    }

    private List<Action<VmReply>> AskHook(RequestId request, HostName host)
    {
        if (_hookRuns.TryGetValue(host, out List<Action<VmReply>>? waiting))
        {
            return waiting;
        }

        _log.Warning("{0}: the fencing hook is asked to prove {1} off", _vm, host);
        _hookFrom[host] = Now + s_askHookEvery;
        TimeSpan asked = Now;
        Task<FencingAnswer> answer = _parts.Fencing.ProveOffAsync(host, _vm, CancellationToken.None);
        _ = answer.PipeTo(
            Self,
            success: said => new HookAnswered(request, host, said, asked),
            failure: e => new HookAnswered(request, host, new FencingAnswer(IsOff: false, e.GetBaseException().Message), asked));
        return _hookRuns[host] = [];
    }

    private void OnHookAnswered(HookAnswered answered)
    {
        if (answered.Answer.IsOff && IsConnected(answered.Host) && Now - answered.AskedAt < s_disconnectWithin)
        {
            Timers.StartSingleTimer($"hook-{answered.Host}", answered, s_lookAgain);
            return;
        }

        _hookRuns.Remove(answered.Host, out List<Action<VmReply>>? waiting);
        void Tell(VmReply reply) => waiting?.ForEach(tell => tell(reply));

        if (answered.Answer.IsOff)
        {
            Execute(Tell, new VmCommand.ProveHostOff(
                answered.Request, State.Migration?.Attempt ?? AttemptNo.None, answered.Host, IsConnected(answered.Host), new SignedWord("the fencing hook", answered.Answer.Said)));
            return;
        }

        _log.Error("{0}: {1} could not be proven off: {2}", _vm, answered.Host, answered.Answer.Said);
        Tell(new VmReply(VmReplyKind.FailedPrecondition, $"{answered.Host} could not be proven off: {answered.Answer.Said}"));
    }

    private bool IsConnected(HostName host) => _parts.Hosts.Find(host.Value) is { Connected: true };
}
