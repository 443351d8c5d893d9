using Coordinator.Actors.Operators;
using Coordinator.Domain;

namespace Coordinator.Actors.HostFencing;

/// <summary>Exit code 0 means that the host is off. <c>{host}</c> and <c>{vm}</c> in its arguments are replaced.</summary>
internal sealed class CommandFencingHook(OperatorCommand command, FencingTimes times) : FencingHook(times)
{
    private protected override async Task<FencingAnswer> AskAsync(HostName host, VmName vm, CancellationToken timeOut)
    {
        OperatorCommand filled = new([command.Name, .. command.Line.Skip(1).Select(
            a => a.Replace("{host}", host.Value, StringComparison.Ordinal).Replace("{vm}", vm.Value, StringComparison.Ordinal))]);
        OperatorAnswer answer = await filled.RunAsync(input: "", timeOut).ConfigureAwait(false);
        return new FencingAnswer(answer.Code == 0, $"{command.Name} {answer.Sentence}");
    }

    private protected override string Name => command.Name;
}
