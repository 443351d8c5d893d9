using System.Reflection;
using System.Runtime.Serialization;
using Coordinator.Domain.Migration;
using Coordinator.Journal.Stored;
using Google.Protobuf;
using Xunit;

namespace Coordinator.Journal.Tests;

public sealed class VmRecordSerializerTests
{
    private static readonly VmRecordSerializer s_serializer = new(system: null!);

    public static TheoryData<string> Samples => new(SampleEvents.All.Keys);

    public static TheoryData<string, string> Goldens
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (GoldenFiles.Golden golden in GoldenFiles.All)
            {
                data.Add(golden.Sample, golden.Manifest);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Event_WrittenAndRead_IsTheSame(string sample)
    {
        VmRecord record = new(SampleEvents.All[sample], SampleEvents.At, SampleEvents.Node);

        object read = s_serializer.FromBinary(s_serializer.ToBinary(record), s_serializer.Manifest(record));

        Assert.Equal(record, read);
    }

    [Theory]
    [MemberData(nameof(Goldens))]
    public void GoldenFile_Read_GivesItsSample(string sample, string manifest)
    {
        GoldenFiles.Golden golden = GoldenFiles.All.Single(g => g.Sample == sample && g.Manifest == manifest);

        object read = s_serializer.FromBinary(golden.Bytes, golden.Manifest);

        Assert.Equal(new VmRecord(SampleEvents.All[golden.Sample], SampleEvents.At, SampleEvents.Node), read);
    }

    [Fact]
    public void EveryEvent_HasASampleAndAGoldenFile()
    {
        List<string> kinds = EventTypes().Select(t => t.Name).ToList();

        Assert.Empty(kinds.Except(SampleEvents.All.Values.Select(e => e.GetType().Name)));
        Assert.Empty(SampleEvents.All.Keys.Except(GoldenFiles.All.Select(g => g.Sample)));
    }

    [Fact]
    public void Samples_HaveNoFieldAtItsDefault()
    {
        // A field that the codec forgets would round-trip unseen if the sample left it at its default.
        foreach (VmEvent sample in SampleEvents.All.Where(s => !s.Key.Contains('.', StringComparison.Ordinal)).Select(s => s.Value))
        {
            foreach (PropertyInfo property in sample.GetType().GetProperties().Where(p => p.GetIndexParameters().Length == 0 && p.Name != "EqualityContract"))
            {
                object? value = property.GetValue(sample);
                object? unset = property.PropertyType.IsValueType ? Activator.CreateInstance(property.PropertyType) : null;
                Assert.False(Equals(value, unset), $"{sample.GetType().Name}.{property.Name} is at its default");
            }
        }
    }

    [Fact]
    public void Manifests_AreUniqueShortAndVersioned()
    {
        List<string> manifests = EventTypes().Select(VmEventCodec.ManifestOf).ToList();

        Assert.Equal(manifests.Count, manifests.Distinct().Count());
        Assert.All(manifests, m => Assert.Matches("^[a-z]{2}[0-9]+$", m));
    }

    [Fact]
    public void UnknownManifest_IsRefusedWithASentence()
    {
        SerializationException refused = Assert.Throws<SerializationException>(() => s_serializer.FromBinary([], "zz9"));

        Assert.Contains("zz9", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DamagedBytes_AreRefused() =>
        Assert.Throws<SerializationException>(() => s_serializer.FromBinary([0xff, 0xff, 0xff], "is1"));

    [Fact]
    public void UnspecifiedEnum_IsRefused()
    {
        byte[] bytes = new Envelope { Event = new PhaseTimedOut().ToByteString() }.ToByteArray();

        Assert.Throws<SerializationException>(() => s_serializer.FromBinary(bytes, "pt1"));
    }

    [Fact]
    public void ShortId_IsRefused()
    {
        byte[] bytes = new Envelope { Event = new MigrationScheduled { Id = ByteString.CopyFrom(1, 2, 3) }.ToByteString() }.ToByteArray();

        Assert.Throws<SerializationException>(() => s_serializer.FromBinary(bytes, "ms1"));
    }

    [Fact]
    public void ForbiddenName_IsRefused()
    {
        byte[] bytes = new Envelope { Event = new DebtSettled { Host = "../etc", Attempt = 1 }.ToByteString() }.ToByteArray();

        Assert.Throws<SerializationException>(() => s_serializer.FromBinary(bytes, "ds1"));
    }

    [Fact]
    public void AnotherObject_IsNotWritten() => Assert.Throws<SerializationException>(() => s_serializer.ToBinary("text"));

    [Fact]
    public void FieldOfANewerVersion_IsIgnored()
    {
        // Field 99, a varint: what a newer node may add to a message of the same manifest.
        byte[] newer = [.. new VmGone { Reason = "off" }.ToByteArray(), 0x98, 0x06, 0x01];
        byte[] bytes = new Envelope { Node = "n", Event = ByteString.CopyFrom(newer) }.ToByteArray();

        VmRecord read = Assert.IsType<VmRecord>(s_serializer.FromBinary(bytes, "vg1"));

        Assert.Equal(new VmEvent.VmGone("off"), read.Event);
    }

    private static IEnumerable<Type> EventTypes() => typeof(VmEvent).GetNestedTypes().Where(t => t.IsSubclassOf(typeof(VmEvent)));
}
