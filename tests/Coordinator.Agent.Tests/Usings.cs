global using Xunit;
global using Coordinator.Agent.Tests.Support;
