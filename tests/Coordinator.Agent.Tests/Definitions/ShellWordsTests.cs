using System.Diagnostics;
using System.Text;
using Coordinator.Agent.Definitions;
using Xunit;

namespace Coordinator.Agent.Tests.Definitions;

public sealed class ShellWordsTests
{
    [Theory]
    [InlineData("a b", "a", "b")]
    [InlineData("  a\t\n b\r\n", "a", "b")]
    [InlineData("a\\\n  b", "a", "b")]
    [InlineData("a\\\nb", "ab")]
    [InlineData("''", "")]
    [InlineData("a'b c'\"d e\"f", "ab cd ef")]
    [InlineData("a # b\nc", "a", "c")]
    [InlineData("a#b", "a#b")]
    [InlineData("\"a\\\"b\\c\"", "a\"b\\c")]
    [InlineData("\\$x", "$x")]
    [InlineData("${tap},x", "${tap},x")]
    [InlineData("\"${tap} x\"", "${tap} x")]
    [InlineData("'${tap}'", "$${tap}")]
    [InlineData("\\${tap}", "$${tap}")]
    [InlineData("\"\\${tap}\"", "$${tap}")]
    [InlineData("a$", "a$")]
    [InlineData("")]
    public void Split_Text_IsAsAShellWould(string text, params string[] words)
    {
        var (split, fault) = ShellWords.Split(text);

        Assert.Null(fault);
        Assert.Equal(words, split);
    }

    [Theory]
    [InlineData("a\n'b", "a single quote is not closed (line 2 of the text)")]
    [InlineData("\"b", "a double quote is not closed")]
    [InlineData("a \\", "a backslash stands at the very end")]
    [InlineData("a &", "'&' means something to a shell")]
    [InlineData("a > b", "'>' means something to a shell")]
    [InlineData("*.img", "'*' means something to a shell")]
    [InlineData("$(id)", "a shell would run $(...)")]
    [InlineData("\"$(id)\"", "a shell would run $(...)")]
    [InlineData("\"`id`\"", "a shell would run")]
    [InlineData("$HOME", "variables are written ${name} here")]
    [InlineData("$$", "'$$' means something to a shell")]
    [InlineData("\"$@\"", "'$@' means something to a shell")]
    [InlineData("$'a'", "'$'' means something to a shell")]
    [InlineData("~/x", "'~' is a home directory")]
    public void Split_WhatAShellWouldExpandOrRun_IsRefused(string text, string sentence)
    {
        Assert.Contains(sentence, ShellWords.Split(text).Fault, StringComparison.Ordinal);
    }

    // The judge is the machine's own sh: whatever we accept, it splits into the same words. (Line ends are left out: a bare one ends a command in sh
    // and is a blank here.)
    [Fact]
    public void Split_RandomText_AgreesWithSh()
    {
        string[] pieces = ["a", "b", " ", " ", "\t", "'", "\"", "\\", "#", "$", "=", ",", "-", "/", ":", "%", "@", "+", "{", "}", "!", "^", "~", "'", "\""];
        var script = new StringBuilder("show() { for word; do printf '<%s>' \"$word\"; done; echo; }\n");
        var expected = new List<string>();
        for (var seed = 1; seed <= 6000; seed++)
        {
            var random = new Random(seed);
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => pieces[random.Next(pieces.Length)]));
            if (ShellWords.Split(text) is { Fault: null, Words: var words } && !text.Contains("${", StringComparison.Ordinal))
            {
                script.Append("show ").Append(text).Append('\n');
                expected.Add(string.Concat(words.Select(word => $"<{word}>")));
            }
        }

        Assert.InRange(expected.Count, 1000, 6000);
        Assert.Equal(expected, OutputOfSh(script.ToString()));
    }

    private static string[] OutputOfSh(string script)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["script"], script);
        using var sh = Process.Start(new ProcessStartInfo("/bin/sh", [directory["script"]]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = sh.StandardOutput.ReadToEnd();
        sh.WaitForExit();
        return output.Split('\n')[..^1];
    }
}
