global using Coordinator.Agent.Tests.Support;
global using Xunit;
global using TemporaryDirectory = Coordinator.Lab.TemporaryDirectory;
