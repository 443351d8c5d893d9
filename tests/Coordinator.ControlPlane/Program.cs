using Coordinator.ControlPlane;

if (args is not [var contacts, var vm, var destination, ..])
{
    await Console.Error.WriteLineAsync("usage: control-plane-example COORDINATOR[,COORDINATOR...] VM DESTINATION [REQUEST-ID]   (cluster addresses, e.g. 127.0.0.1:4060)").ConfigureAwait(false);
    return 2;
}

return await ExampleRun.MoveAsync(contacts.Split(','), vm, destination, args.Length > 3 ? args[3] : $"example-{Guid.NewGuid():N}", Console.Out).ConfigureAwait(false);
