global using Coordinator.Agent.Tests.Support;
global using Xunit;
