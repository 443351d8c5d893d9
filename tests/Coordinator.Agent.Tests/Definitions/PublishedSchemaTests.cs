using Coordinator.Agent.Configuration;
using Coordinator.Agent.Definitions;
using Coordinator.Agent.Tests.Configuration;
using Xunit;

namespace Coordinator.Agent.Tests.Definitions;

/// <summary>The published schemas and the reading code must accept and refuse the same shapes: editors check by the one, agents by the other.</summary>
public sealed class PublishedSchemaTests
{
    private const string Head = "name: web-1\nuuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\n";

    [Theory]
    [InlineData(true, DefinitionTexts.Small)]
    [InlineData(true, DefinitionTexts.Full)]
    [InlineData(true, Head + "args: ['-m', 512, 1.5, true, '']")]
    [InlineData(true, Head + "adopt: {qmpSocket: '${x}/q'}")]
    [InlineData(true, Head + "args: -m 1\nvariables: {a: 1, b_c: true, d-e: x}\nhosts: {h: {}}")]
    [InlineData(true, Head + "args: -m 1\ndevices: [net0]\nmemoryMiB: 67108864")]
    [InlineData(true, Head + "args: -m 1\nlabels: {app: web, tier.example/x: 1}\nantiAffinity: [app]")]
    [InlineData(false, "- a")]
    [InlineData(false, "args: -m 1")]
    [InlineData(false, Head)]
    [InlineData(false, Head + "agrs: x")]
    [InlineData(false, "name: A\nuuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\nargs: -m 1")]
    [InlineData(false, "name: a-\nuuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\nargs: -m 1")]
    [InlineData(false, "name: 1\nuuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\nargs: -m 1")]
    [InlineData(false, "name: web-1\nuuid: x\nargs: -m 1")]
    [InlineData(false, "name: web-1\nuuid: 00000000-0000-0000-0000-000000000000\nargs: -m 1")]
    [InlineData(false, Head + "args: {}")]
    [InlineData(false, Head + "args: []")]
    [InlineData(false, Head + "args: ''")]
    [InlineData(false, Head + "args: [~]")]
    [InlineData(false, Head + "args: [[x]]")]
    [InlineData(false, Head + "args: 5")]
    [InlineData(false, Head + "args: -m 1\nbinary: ''")]
    [InlineData(false, Head + "args: -m 1\nvariables: [a]")]
    [InlineData(false, Head + "args: -m 1\nvariables: {name: x}")]
    [InlineData(false, Head + "args: -m 1\nvariables: {1a: x}")]
    [InlineData(false, Head + "args: -m 1\nvariables: {a: ~}")]
    [InlineData(false, Head + "args: -m 1\nhosts: {H: {}}")]
    [InlineData(false, Head + "args: -m 1\nhosts: {h: x}")]
    [InlineData(false, Head + "adopt: {}")]
    [InlineData(false, Head + "adopt: {qmpSocket: rel}")]
    [InlineData(false, Head + "adopt: {qmpSocket: /x, y: z}")]
    [InlineData(false, Head + "args: -m 1\ndevices: []")]
    [InlineData(false, Head + "args: -m 1\ndevices: net0")]
    [InlineData(false, Head + "args: -m 1\ndevices: ['a b']")]
    [InlineData(false, Head + "args: -m 1\nlabels: [app]")]
    [InlineData(false, Head + "args: -m 1\nlabels: {-app: web}")]
    [InlineData(false, Head + "args: -m 1\nlabels: {app: ~}")]
    [InlineData(false, Head + "args: -m 1\nlabels: {app: web}\nantiAffinity: app")]
    [InlineData(false, Head + "args: -m 1\nmemoryMiB: 0")]
    [InlineData(false, Head + "args: -m 1\nmemoryMiB: '512'")]
    [InlineData(false, Head + "args: -m 1\nmemoryMiB: 67108865")]
    public async Task VmDefinitionSchema_AndCode_Agree(bool accepted, string yaml)
    {
        Assert.Equal(accepted, await PublishedSchema.AcceptsAsync("vm-definition.schema.json", yaml));
        Assert.Equal(accepted, Accepts(() => VmDefinition.Parse(yaml, "x")));
    }

    // What no schema can say; the schema's description tells people so.
    [Theory]
    [InlineData(Head + "args: [-S]")]
    [InlineData(Head + "args: ['${x']")]
    [InlineData(Head + "args: 'a & b'")]
    [InlineData(Head + "args: [-uuid, x]")]
    public async Task VmDefinitionSchema_OfMeaning_IsLeftToTheCode(string yaml)
    {
        Assert.True(await PublishedSchema.AcceptsAsync("vm-definition.schema.json", yaml));
        Assert.False(Accepts(() => VmDefinition.Parse(yaml, "x")));
    }

    [Theory]
    [MemberData(nameof(HostConfigurationTexts.Accepted), MemberType = typeof(HostConfigurationTexts))]
    public async Task HostSchema_AcceptedText_IsAcceptedByBoth(string yaml)
    {
        Assert.True(await PublishedSchema.AcceptsAsync("host.schema.json", yaml));
        Assert.True(Accepts(() => HostConfiguration.Parse(yaml, "x")));
    }

    [Theory]
    [MemberData(nameof(HostConfigurationTexts.RefusedShapes), MemberType = typeof(HostConfigurationTexts))]
    public async Task HostSchema_RefusedShape_IsRefusedByBoth(string key, string? value)
    {
        var yaml = HostConfigurationTexts.With(key, value);
        Assert.False(await PublishedSchema.AcceptsAsync("host.schema.json", yaml));
        Assert.False(Accepts(() => HostConfiguration.Parse(yaml, "x")));
    }

    private static bool Accepts(Action parse)
    {
        try
        {
            parse();
            return true;
        }
        catch (Exception e) when (e is DefinitionException or ConfigurationException)
        {
            return false;
        }
    }
}
