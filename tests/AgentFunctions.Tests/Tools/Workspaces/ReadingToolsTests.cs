using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Tools.Workspaces;

[NonParallelizable]
[Platform("Unix"), UnsupportedOSPlatform("windows")]
public sealed class ReadingToolsTests
{
    [Test]
    public async Task ListFiles_AWorkspace_IsInOrdinalOrderWithSizesAndWithoutBuildOutput()
    {
        using var bench = new ToolBench();
        foreach (string name in new[] { "b.txt", "a/z.txt", "a/B.cs", "a.txt", "a-b/x", "Z", "obj/x.dll", "src/bin/y.dll",
            ".git/HEAD", "node_modules/m/i.js", ".hidden" })
        {
            bench.Write(name, "1234");
        }

        ToolOutcome outcome = await bench.InvokeAsync("list_files");

        Assert.That(outcome.Text.Split('\n'),
            Is.EqualTo(new[] { ".hidden  4", "Z  4", "a-b/x  4", "a.txt  4", "a/B.cs  4", "a/z.txt  4", "b.txt  4" }));
    }

    [Test]
    public async Task ListAndSearch_FoldersDeeperThanPathsMayBeLong_TheOthersAreFound()
    {
        using var bench = new ToolBench();
        bench.Write("a.txt", "word\n");
        bench.Write("z/b.txt", "word\n");
        string name = new('d', 200);
        await ShellAsync(bench,
            $"mkdir deep && cd deep && for i in $(seq 30); do mkdir {name} && cd -P {name}; done && echo word > leaf.txt");
        try
        {
            ToolOutcome listed = await bench.InvokeAsync("list_files", new { pattern = "?.txt" });
            ToolOutcome found = await bench.InvokeAsync("search_files", new { pattern = "word" });

            Assert.That(listed.Text, Is.EqualTo("a.txt  5\nz/b.txt  5"));
            Assert.That(found.Text, Is.EqualTo("a.txt:1: word\nz/b.txt:1: word"));
        }
        finally
        {
            await ShellAsync(bench, "rm -rf deep");
        }
    }

    private static async Task ShellAsync(ToolBench bench, string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { WorkingDirectory = bench.Root })!;
        await shell.WaitForExitAsync();
        Assert.That(shell.ExitCode, Is.Zero);
    }

    [TestCase("two\nlines.txt", "\"two\\nlines.txt\"")]
    [TestCase("x:1: forged\rmore.txt", "\"x:1: forged\\u000dmore.txt\"")]
    [TestCase("turned\u202Etxt.exe", "\"turned\\u202etxt.exe\"")]
    [TestCase("line\u2028separated.txt", "\"line\\u2028separated.txt\"")]
    [TestCase("\"quoted\".txt", "\"\\\"quoted\\\".txt\"")]
    [TestCase("Überblick 日本.txt", "Überblick 日本.txt")]
    public async Task ListAndSearch_ANameThatWouldBreakTheLine_IsEscaped(string name, string shown)
    {
        using var bench = new ToolBench();
        bench.Write(name, "word\n");

        ToolOutcome listed = await bench.InvokeAsync("list_files");
        ToolOutcome found = await bench.InvokeAsync("search_files", new { pattern = "word" });

        Assert.That(listed.Text, Is.EqualTo($"{shown}  5"));
        Assert.That(found.Text, Is.EqualTo($"{shown}:1: word"));
    }

    [TestCase("*.cs", "a.cs|src/b.cs|src/deep/er/c.cs")]
    [TestCase("src/*.cs", "src/b.cs")]
    [TestCase("**/*.{cs,json}", "a.cs|src/b.cs|src/deep/er/c.cs|src/x.json")]
    [TestCase("src/**", "src/b.cs|src/deep/er/c.cs|src/x.json")]
    [TestCase("src/", "src/b.cs|src/deep/er/c.cs|src/x.json")]
    [TestCase("**/er/?.cs", "src/deep/er/c.cs")]
    [TestCase("[a-b].*", "a.cs|src/b.cs")]
    [TestCase("[!a].cs", "src/b.cs|src/deep/er/c.cs")]
    [TestCase("./a.cs", "a.cs")]
    [TestCase("./*.cs", "a.cs")]
    [TestCase("/*.cs", "a.cs")]
    [TestCase("{src/deep/**,./a.cs}", "src/deep/er/c.cs")]
    [TestCase("{src/deep/**,a.cs}", "a.cs|src/deep/er/c.cs")]
    [TestCase("{a", "{a")]
    [TestCase("*.py", "(no files)")]
    public async Task ListFiles_APattern_KeepsWhatMatches(string pattern, string expected)
    {
        using var bench = new ToolBench();
        foreach (string name in new[] { "a.cs", "src/b.cs", "src/deep/er/c.cs", "src/x.json", "{a" })
        {
            bench.Write(name, "");
        }

        ToolOutcome outcome = await bench.InvokeAsync("list_files", new { pattern });

        Assert.That(string.Join('|',
            outcome.Text.Split('\n').Select(line => line.EndsWith("  0", StringComparison.Ordinal) ? line[..^3] : line)),
            Is.EqualTo(expected));
    }

    [Test]
    public async Task ListFiles_APathAndAMaximum_SaysWhatIsLeft()
    {
        using var bench = new ToolBench();
        foreach (int i in Enumerable.Range(0, 12))
        {
            bench.Write($"sub/{i:D2}", "");
        }

        bench.Write("obj/kept-when-named", "");

        Assert.That((await bench.InvokeAsync("list_files", new { path = "sub", max = 2 })).Text,
            Does.StartWith("sub/00  0\nsub/01  0\n… 10 more of 12 files"));
        Assert.That((await bench.InvokeAsync("list_files", new { path = "obj" })).Text, Is.EqualTo("obj/kept-when-named  0"));
        Assert.That((await bench.InvokeAsync("list_files", new { path = "sub/03" })).Text, Is.EqualTo("sub/03  0"));
        Assert.That((await bench.InvokeAsync("list_files", new { path = "nowhere" })).IsError, Is.True);
    }

    [Test, CancelAfter(300_000)]
    public async Task ListFiles_LinksAndPipes_ListsOnlyWhatCanBeRead(CancellationToken cancellationToken)
    {
        using var bench = new ToolBench();
        bench.Write("real/a.txt", "12345");
        File.WriteAllText(Path.Combine(bench.Outside, "secret.txt"), "secret");
        File.CreateSymbolicLink(Path.Combine(bench.Root, "in"), "real/a.txt");
        File.CreateSymbolicLink(Path.Combine(bench.Root, "out"), "../secret.txt");
        File.CreateSymbolicLink(Path.Combine(bench.Root, "dangling"), "nowhere");
        Directory.CreateSymbolicLink(Path.Combine(bench.Root, "circle"), ".");
        using (Process made = Process.Start("mkfifo", Path.Combine(bench.Root, "pipe")))
        {
            await made.WaitForExitAsync(cancellationToken);
        }

        Assert.That((await bench.InvokeAsync("list_files", cancellationToken: cancellationToken)).Text,
            Is.EqualTo("in  5\nreal/a.txt  5"));
        Assert.That(
            (await bench.InvokeAsync("search_files", new { pattern = "secret|123" }, cancellationToken)).Text,
            Is.EqualTo("in:1: 12345\nreal/a.txt:1: 12345"));
        Assert.That((await bench.InvokeAsync("read_file", new { path = "pipe" }, cancellationToken)).Code,
            Is.EqualTo(ErrorCode.PathOutsideWorkspace));
    }

    [Test]
    public async Task ReadFile_PageByPage_GivesEveryLineOnce()
    {
        using var bench = new ToolBench();
        string[] lines = [.. Enumerable.Range(1, 5_000).Select(i => $"line {i} äöü")];
        bench.Write("a.txt", string.Join('\n', lines));
        var read = new List<string>();
        int offset = 1;
        int pages = 0;
        while (offset > 0)
        {
            ToolOutcome page = await bench.InvokeAsync("read_file", new { path = "a.txt", offset });
            Assert.That(page.Artifact, Is.Null, "a page must fit");
            string[] shown = page.Text.Split('\n');
            read.AddRange(shown.Where(line => line.Contains('\t', StringComparison.Ordinal)));
            int at = shown[^1].IndexOf("offset=", StringComparison.Ordinal);
            offset = at < 0 ? 0 : int.Parse(shown[^1].AsSpan(at + 7).TrimEnd('.'));
            pages++;
        }

        Assert.That(read, Is.EqualTo(lines.Select((line, i) => $"{i + 1}\t{line}")));
        Assert.That(pages, Is.GreaterThan(2));
    }

    [Test]
    public async Task ReadFile_OffsetAndLimit_GiveThoseLines()
    {
        using var bench = new ToolBench();
        bench.Write("a.txt", "1\r\n2\r\n3\r\n4\r\n");
        Assert.That((await bench.InvokeAsync("read_file", new { path = "a.txt", offset = 2, limit = 2 })).Text,
            Is.EqualTo("2\t2\n3\t3\n… more lines follow; go on with offset=4."));
        Assert.That((await bench.InvokeAsync("read_file", new { path = "a.txt", offset = 4 })).Text, Is.EqualTo("4\t4"));
        ToolOutcome beyond = await bench.InvokeAsync("read_file", new { path = "a.txt", offset = 5 });
        Assert.That(beyond.IsError && beyond.Text.Contains("4 lines", StringComparison.Ordinal), Is.True, beyond.Text);
    }

    [Test]
    public async Task ReadFile_OddFiles_AreToldApart()
    {
        using var bench = new ToolBench();
        bench.Write("empty", "");
        bench.Write("long", new string('x', 5_000) + "\nnext");
        File.WriteAllBytes(Path.Combine(bench.Root, "binary"), [0x7F, 0x45, 0, 1]);
        File.WriteAllText(Path.Combine(bench.Root, "utf16"), "Grüße", Encoding.Unicode);
        File.WriteAllBytes(Path.Combine(bench.Root, "latin1"), [0x47, 0xFC]);

        Assert.That((await bench.InvokeAsync("read_file", new { path = "empty" })).Text, Does.Contain("empty"));
        Assert.That((await bench.InvokeAsync("read_file", new { path = "long" })).Text,
            Does.Contain("x… [3000 more characters in this line]\n2\tnext"));
        Assert.That((await bench.InvokeAsync("read_file", new { path = "binary" })).Text,
            Does.StartWith("Error: path: 'binary' is a binary file of 4 bytes"));
        Assert.That((await bench.InvokeAsync("read_file", new { path = "utf16" })).Text, Is.EqualTo("1\tGrüße"));
        Assert.That((await bench.InvokeAsync("read_file", new { path = "latin1" })).Text,
            Does.StartWith("[This file is not UTF-8").And.EndWith("1\tG\uFFFD"));
        Assert.That((await bench.InvokeAsync("read_file", new { path = "nowhere" })).Text,
            Does.Contain("there is no file 'nowhere'"));
        Assert.That((await bench.InvokeAsync("read_file", new { path = "." })).Text, Does.Contain("is a folder"));
    }

    [Test, CancelAfter(300_000)]
    public async Task ReadFile_AHugeLine_TakesLittleMemory(CancellationToken cancellationToken)
    {
        using var bench = new ToolBench();
        using (FileStream file = File.Create(Path.Combine(bench.Root, "huge")))
        {
            file.Write(Encoding.ASCII.GetBytes(new string('x', 10_000)));
            file.SetLength(1 << 27);
        }

        long before = GC.GetTotalAllocatedBytes();
        ToolOutcome outcome = await bench.InvokeAsync("read_file", new { path = "huge" }, cancellationToken);
        Assert.That(outcome.IsError, Is.False);
        Assert.That(GC.GetTotalAllocatedBytes() - before, Is.LessThan(50_000_000));
    }

    [Test]
    public async Task ReadFile_AFileInAnotherEncoding_SaysSoAndWhichBytes()
    {
        using var bench = new ToolBench();
        // Latin-1, GBK, and a sequence that the end of the buffer splits.
        File.WriteAllBytes(Path.Combine(bench.Root, "l.txt"), [.. "Gr"u8, 0xFC, .. "n\nna"u8, 0xEF, .. "ve\n"u8]);
        File.WriteAllBytes(Path.Combine(bench.Root, "g.txt"), [0xC4, 0xE3, 0xBA, 0xC3]);
        File.WriteAllBytes(Path.Combine(bench.Root, "cut.txt"), [.. "end "u8, 0xE2, 0x82]);
        string latin = (await bench.InvokeAsync("read_file", new { path = "l.txt" })).Text;
        Assert.That(latin, Does.StartWith("[This file is not UTF-8: 2 byte sequences that no UTF-8 has: FC in line 1, EF in line 2."));
        Assert.That(latin, Does.EndWith("1\tGr\uFFFDn\n2\tna\uFFFDve"));
        Assert.That((await bench.InvokeAsync("read_file", new { path = "g.txt" })).Text,
            Does.StartWith("[This file is not UTF-8"));
        Assert.That((await bench.InvokeAsync("read_file", new { path = "cut.txt" })).Text, Does.Contain("E2 in line 1"));
    }

    [Test]
    public async Task ReadFile_TextThatHoldsTheSignOfALostCharacter_IsShownAsItIs()
    {
        using var bench = new ToolBench();
        bench.Write("a.txt", new string('ä', 40_000) + "\n\uFFFD is a character, 😀 too");
        Assert.That((await bench.InvokeAsync("read_file", new { path = "a.txt", offset = 2 })).Text,
            Is.EqualTo("2\t\uFFFD is a character, 😀 too"));
    }

    [Test]
    public async Task ListFiles_TheRoot_IsTheWorkspace()
    {
        using var bench = new ToolBench();
        bench.Write("a.txt", "1");
        Assert.That((await bench.InvokeAsync("list_files", new { path = "/" })).Text, Is.EqualTo("a.txt  1"));
    }

    [Test]
    public async Task SearchFiles_ARegularExpression_PrintsPathLineAndText()
    {
        using var bench = new ToolBench();
        bench.Write("src/a.cs", "one\n  TODO: first\nthree todo");
        bench.Write("docs/b.md", "TODO second");
        bench.Write("obj/c.cs", "TODO never");
        File.WriteAllBytes(Path.Combine(bench.Root, "binary"), [.. "TODO"u8.ToArray(), 0]);

        Assert.That((await bench.InvokeAsync("search_files", new { pattern = "TODO" })).Text,
            Is.EqualTo("docs/b.md:1: TODO second\nsrc/a.cs:2: TODO: first"));
        Assert.That((await bench.InvokeAsync("search_files", new { pattern = "(?i)todo", glob = "*.cs" })).Text,
            Is.EqualTo("src/a.cs:2: TODO: first\nsrc/a.cs:3: three todo"));
        Assert.That((await bench.InvokeAsync("search_files", new { pattern = "(?i)todo", path = "src", max = 1 })).Text,
            Does.StartWith("src/a.cs:2: TODO: first\n… there are more than 1 matches"));
        Assert.That((await bench.InvokeAsync("search_files", new { pattern = @"(o)\1", path = "src" })).Text,
            Is.EqualTo("(no matches in 1 files)"));
        Assert.That((await bench.InvokeAsync("search_files", new { pattern = "(" })).Code,
            Is.EqualTo(ErrorCode.ToolArgumentsInvalid));
    }

    [Test, CancelAfter(300_000)]
    public async Task SearchFiles_APatternMadeToRunForEver_EndsSoon(CancellationToken cancellationToken)
    {
        using var bench = new ToolBench();
        bench.Write("a.txt", new string('a', 5_000) + "!");
        Assert.That((await bench.InvokeAsync("search_files", new { pattern = "^(a+)+$" }, cancellationToken)).IsError, Is.False);
        ToolOutcome backtracking = await bench.InvokeAsync("search_files", new { pattern = @"^(a+)+\1$" }, cancellationToken);
        Assert.That(backtracking.Code, Is.EqualTo(ErrorCode.ToolTimeout), backtracking.Text);
    }
}
