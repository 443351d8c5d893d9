using System.Diagnostics;
using System.Globalization;
using Coordinator.Agent.State;
using Xunit;
using Xunit.Abstractions;

namespace Coordinator.Agent.Tests.State;

public sealed class RegisterFileTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Guid _instance = Guid.NewGuid();

    private RegisterDirectory Registers => new(_directory["registers"], _instance);

    private string FileOf(long attempt) => Path.Combine(_directory["registers"], "web-1", $"{attempt}.register");

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(RegisterValue.Run, RegisterValue.Refused)]
    [InlineData(RegisterValue.Refused, RegisterValue.Run)]
    public void TrySet_FirstDecision_StaysForEver(RegisterValue first, RegisterValue second)
    {
        using (var register = Registers.Create("web-1", 7))
        {
            Assert.Equal(RegisterValue.Empty, register.Value);
            Assert.Equal(new RegisterAnswer(first, SetNow: true, null), register.TrySet(first));
            Assert.Equal(new RegisterAnswer(first, SetNow: false, null), register.TrySet(first));
            Assert.Equal(new RegisterAnswer(first, SetNow: false, null), register.TrySet(second));
        }

        using var again = Registers.Open("web-1", 7);
        Assert.Equal(first, again.Value);
        Assert.Equal(new RegisterAnswer(first, SetNow: false, null), again.TrySet(second));
    }

    [Fact]
    public async Task TrySet_FromManyThreads_DecidesOnce()
    {
        using var register = Registers.Create("web-1", 1);
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i =>
            Task.Run(() => register.TrySet(i % 2 == 0 ? RegisterValue.Run : RegisterValue.Refused))));

        Assert.Single(answers, answer => answer.SetNow);
        Assert.Single(answers.Select(answer => answer.Stored).Distinct());
    }

    [Theory]
    [InlineData(RegisterValue.Empty)]
    [InlineData(RegisterValue.Unknown)]
    public void TrySet_WhatIsNoDecision_IsRefused(RegisterValue value)
    {
        using var register = Registers.Create("web-1", 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => register.TrySet(value));
    }

    [Fact]
    public void Withdraw_Run_BecomesRefusedForEver()
    {
        using (var register = Registers.Create("web-1", 1))
        {
            Assert.Equal(new RegisterAnswer(RegisterValue.Empty, SetNow: false, null), register.Withdraw());
            register.TrySet(RegisterValue.Run);
            Assert.Equal(new RegisterAnswer(RegisterValue.Refused, SetNow: true, null), register.Withdraw());
            Assert.Equal(new RegisterAnswer(RegisterValue.Refused, SetNow: false, null), register.Withdraw());
            Assert.Equal(new RegisterAnswer(RegisterValue.Refused, SetNow: false, null), register.TrySet(RegisterValue.Run));
        }

        using var again = Registers.Open("web-1", 1);
        Assert.Equal(RegisterValue.Refused, again.Value);
    }

    // A withdrawal that was begun is finished by the next life of the agent.
    [Fact]
    public void Withdraw_RunOfAnEarlierLife_BecomesRefused()
    {
        using (var register = Registers.Create("web-1", 1))
        {
            register.TrySet(RegisterValue.Run);
        }

        using var again = Registers.Open("web-1", 1);
        Assert.Equal(new RegisterAnswer(RegisterValue.Refused, SetNow: true, null), again.Withdraw());
    }

    [Fact]
    public void Withdraw_UnknownRegister_StaysUnknown()
    {
        using var register = Registers.Open("web-1", 3);
        Assert.Equal(new RegisterAnswer(RegisterValue.Unknown, SetNow: false, "its file is missing"), register.Withdraw());
    }

    [Fact]
    public void Create_Again_FindsTheFirstAndNeverEmptiesIt()
    {
        using (var register = Registers.Create("web-1", 1))
        {
            register.TrySet(RegisterValue.Run);
        }

        using var again = Registers.Create("web-1", 1);
        Assert.Equal(RegisterValue.Run, again.Value);
    }

    [Fact]
    public void Create_AfterACrashInItsMiddle_MakesAWholeOne()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FileOf(1))!);
        File.WriteAllText(FileOf(1) + ".new", "half");

        using var register = Registers.Create("web-1", 1);
        Assert.Equal(RegisterValue.Empty, register.Value);
        Assert.Equal([("web-1", 1L)], Registers.Existing());
    }

    [Fact]
    public void Open_MissingFile_IsUnknownAndStaysSo()
    {
        using var register = Registers.Open("web-1", 3);

        Assert.Equal((RegisterValue.Unknown, "its file is missing"), (register.Value, register.Doubt));
        Assert.Equal(new RegisterAnswer(RegisterValue.Unknown, SetNow: false, "its file is missing"), register.TrySet(RegisterValue.Refused));
        Assert.Null(register.Rehearse());
        Assert.False(File.Exists(FileOf(3)));
    }

    // Every single bit: whichever is wrong, the answer is never another decision and never empty. (The rest of the block carries nothing.)
    [Fact]
    public void Open_AnyFlippedBit_IsUnknown()
    {
        using (var register = Registers.Create("web-1", 1))
        {
            register.TrySet(RegisterValue.Run);
        }

        var whole = File.ReadAllBytes(FileOf(1));
        Assert.All(Enumerable.Range(0, 152 * 8), bit =>
        {
            var torn = whole.ToArray();
            torn[bit / 8] ^= (byte)(1 << (bit % 8));
            WriteInPlace(FileOf(1), torn);
            using var register = Registers.Open("web-1", 1);
            Assert.Equal(RegisterValue.Unknown, register.Value);
            Assert.Equal(RegisterValue.Unknown, register.TrySet(RegisterValue.Refused).Stored);
        });
        Assert.All(Enumerable.Range(152, whole.Length - 152), at => Assert.Equal(0, whole[at]));
    }

    // A sector write that was cut after n bytes: old and new contents are mixed.
    [Fact]
    public void Open_TornWrite_IsOneOfBothOrUnknown_NeverAnother()
    {
        using (Registers.Create("web-1", 1))
        {
        }

        var before = File.ReadAllBytes(FileOf(1));
        using (var register = Registers.Open("web-1", 1))
        {
            register.TrySet(RegisterValue.Run);
        }

        var after = File.ReadAllBytes(FileOf(1));
        foreach (var cut in Enumerable.Range(0, 200))
        {
            byte[] torn = [.. after.Take(cut), .. before.Skip(cut)];
            WriteInPlace(FileOf(1), torn);
            using var register = Registers.Open("web-1", 1);
            var expected = torn.SequenceEqual(before) ? RegisterValue.Empty : torn.SequenceEqual(after) ? RegisterValue.Run : RegisterValue.Unknown;
            Assert.Equal(expected, register.Value);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(4095)]
    public void Open_CutOffFile_IsUnknown(int length)
    {
        using (Registers.Create("web-1", 1))
        {
        }

        using (var file = File.OpenWrite(FileOf(1)))
        {
            file.SetLength(length);
        }

        using var register = Registers.Open("web-1", 1);
        Assert.Equal(RegisterValue.Unknown, register.Value);
    }

    [Fact]
    public void Open_AllZeros_IsUnknown()
    {
        using (Registers.Create("web-1", 1))
        {
        }

        WriteInPlace(FileOf(1), new byte[RegisterBlock.SizeBytes]);
        using var register = Registers.Open("web-1", 1);
        Assert.Equal(RegisterValue.Unknown, register.Value);
    }

    [Fact]
    public void Open_OfAnotherStoreInstance_IsUnknown()
    {
        using (Registers.Create("web-1", 1))
        {
        }

        using var register = new RegisterDirectory(_directory["registers"], Guid.NewGuid()).Open("web-1", 1);
        Assert.Equal((RegisterValue.Unknown, "it was written by an earlier instance of this agent's store, which was lost or restored"),
            (register.Value, register.Doubt));
    }

    [Fact]
    public void Open_FileRestoredFromABackup_IsUnknown()
    {
        using (Registers.Create("web-1", 1))
        {
        }

        File.Copy(FileOf(1), _directory["backup"]);
        using (var register = Registers.Open("web-1", 1))
        {
            register.TrySet(RegisterValue.Run);
        }

        File.Move(_directory["backup"], FileOf(1), overwrite: true);
        using var restored = Registers.Open("web-1", 1);
        Assert.Equal((RegisterValue.Unknown, "its file is a copy, so it may be older than the decision"), (restored.Value, restored.Doubt));
    }

    [Theory]
    [InlineData("web-2", 1)]
    [InlineData("web-1", 2)]
    public void Open_FileOfAnotherAttempt_IsUnknown(string vm, long attempt)
    {
        using (Registers.Create("web-1", 1))
        {
        }

        Directory.CreateDirectory(_directory[$"registers/{vm}"]);
        File.Move(FileOf(1), _directory[$"registers/{vm}/{attempt}.register"]);
        using var register = Registers.Open(vm, attempt);
        Assert.Equal((RegisterValue.Unknown, "its file belongs to another VM or attempt"), (register.Value, register.Doubt));
    }

    // fsync that failed once may "succeed" the next time without having written anything: from then on nobody knows what the disk holds.
    [Fact]
    public void TrySet_FailedSync_LeavesDoubtForThisLife()
    {
        using (Registers.Create("web-1", 1))
        {
        }

        var failing = false;
        var subject = new RegisterSubject("web-1", 1, _instance);
        using var register = RegisterFile.Open(FileOf(1), subject, _ =>
        {
            if (failing)
            {
                throw new IOException("Input/output error");
            }
        });
        failing = true;
        Assert.Equal(new RegisterAnswer(RegisterValue.Unknown, SetNow: false, "writing it failed: Input/output error"), register.TrySet(RegisterValue.Run));
        failing = false;
        Assert.Equal(RegisterValue.Unknown, register.TrySet(RegisterValue.Refused).Stored);
        Assert.Equal(RegisterValue.Unknown, register.Value);
    }

    // An agent killed between write and sync leaves the value in the page cache alone: the next life must make it durable before it answers with it.
    [Fact]
    public void Open_ValueThatWasNeverSynced_IsSyncedBeforeItCounts()
    {
        using (Registers.Create("web-1", 1))
        {
        }

        var subject = new RegisterSubject("web-1", 1, _instance);
        using (var dying = RegisterFile.Open(FileOf(1), subject, _ => { }))
        {
            dying.TrySet(RegisterValue.Run);
        }

        using (var diskGone = RegisterFile.Open(FileOf(1), subject, _ => throw new IOException("Input/output error")))
        {
            Assert.Equal(RegisterValue.Unknown, diskGone.Value);
        }

        var syncs = 0;
        using var next = RegisterFile.Open(FileOf(1), subject, _ => syncs++);
        Assert.Equal((RegisterValue.Run, 1), (next.Value, syncs));
    }

    [Fact]
    public void Rehearse_ChangesNothingAndMeasures()
    {
        using var register = Registers.Create("web-1", 1);

        Assert.True(register.Rehearse() > TimeSpan.Zero);
        Assert.Equal(RegisterValue.Empty, register.Value);
        register.TrySet(RegisterValue.Refused);
        Assert.True(register.Rehearse() > TimeSpan.Zero);
        Assert.Equal(RegisterValue.Refused, register.Value);
    }

    [Fact]
    public void TrySet_Time_IsOneSmallSync()
    {
        var microseconds = new List<double>();
        for (var attempt = 1; attempt <= 200; attempt++)
        {
            using var register = Registers.Create("web-1", attempt);
            var start = Stopwatch.GetTimestamp();
            register.TrySet(RegisterValue.Run);
            microseconds.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        microseconds.Sort();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"TrySet: p50 {microseconds[100]:F0} us, p99 {microseconds[198]:F0} us, max "
            + $"{microseconds[199]:F0} us"));
        // The disk may be busy; a second sync, a new file or a query would show.
        Assert.InRange(microseconds[0], 0.5, 20_000);
    }

    [Fact]
    public void Existing_And_Delete_CoverAllVms()
    {
        Assert.Empty(Registers.Existing());
        foreach (var (vm, attempt) in new[] { ("web-1", 10L), ("web-1", 9L), ("a", 1L) })
        {
            Registers.Create(vm, attempt).Dispose();
        }

        File.WriteAllText(_directory["registers/web-1/notes.register"], "");
        Assert.Equal([("a", 1L), ("web-1", 9L), ("web-1", 10L)], Registers.Existing());
        Assert.True(Registers.Delete("web-1", 9));
        Assert.False(Registers.Delete("web-1", 9));
        Assert.Equal([("a", 1L), ("web-1", 10L)], Registers.Existing());
        using var deleted = Registers.Open("web-1", 9);
        Assert.Equal(RegisterValue.Unknown, deleted.Value);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("")]
    [InlineData("a/b")]
    public void Create_KeyThatIsNoVm_IsRefused(string vm)
    {
        Assert.Throws<ArgumentException>(() => Registers.Create(vm, 1));
    }

    // Overwrites, so that the file keeps its identity as it does in a torn write.
    private static void WriteInPlace(string path, byte[] bytes)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write);
        file.Write(bytes);
    }
}
