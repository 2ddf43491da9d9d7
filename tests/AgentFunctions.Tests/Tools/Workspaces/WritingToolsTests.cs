using System.Runtime.Versioning;
using System.Text;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Workspaces;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tests.Tools.Workspaces;

[Platform("Unix"), UnsupportedOSPlatform("windows")]
public sealed class WritingToolsTests
{
    [Test]
    public async Task WriteFile_NewFolders_AreMadeAndNothingElseIsLeft()
    {
        using var bench = new ToolBench();
        ToolOutcome outcome = await bench.InvokeAsync("write_file", new { path = "reports/2026/a.md", content = "Grüße\n" });
        Assert.That(outcome.Text, Is.EqualTo("Wrote reports/2026/a.md, 8 bytes."));
        Assert.That(bench.Read("reports/2026/a.md"), Is.EqualTo("Grüße\n"));
        Assert.That(Directory.GetFileSystemEntries(Path.Combine(bench.Root, "reports/2026")), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task WriteFile_AnExistingFile_IsReplacedWithItsModeKept()
    {
        using var bench = new ToolBench();
        string path = bench.Write("run.sh", "old");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.CreateSymbolicLink(Path.Combine(bench.Root, "link"), "run.sh");

        await bench.InvokeAsync("write_file", new { path = "link", content = "new" });

        Assert.That(File.ReadAllText(path), Is.EqualTo("new"));
        Assert.That(File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute), Is.True);
        Assert.That(new FileInfo(Path.Combine(bench.Root, "link")).LinkTarget, Is.EqualTo("run.sh"));
    }

    [TestCase("one\r\ntwo\nthree\r\n", "one\ntwo", "ONE\nTWO", "ONE\r\nTWO\nthree\r\n")]
    [TestCase("one\r\ntwo\nthree\r\n", "two\nthree", "2\n2b\n3", "one\r\n2\n2b\n3\r\n")]
    [TestCase("one\r\ntwo\nthree\r\n", "one", "0\n1", "0\r\n1\r\ntwo\nthree\r\n")]
    [TestCase("one\r\ntwo\nthree", "three", "3\n4", "one\r\ntwo\n3\n4")]
    [TestCase("one\r\ntwo\r\n", "one\r\ntwo", "1\n2\n3", "1\r\n2\r\n3\r\n")]
    [TestCase("a\r\n\r\nb\n\nc", "a\n\nb\n\nc", "a\nb\nc", "a\r\nb\r\nc")]
    [TestCase("a\fb\r\nc\n", "a\fb\nc", "a\fB\nC", "a\fB\r\nC\n")]
    public async Task EditFile_LineEndsOfBothKinds_AreMatchedAndKept(string before, string old_text, string new_text,
        string after)
    {
        using var bench = new ToolBench();
        bench.Write("m.txt", before);
        ToolOutcome outcome = await bench.InvokeAsync("edit_file", new { path = "m.txt", old_text, new_text });
        Assert.That(bench.Read("m.txt"), Is.EqualTo(after), outcome.Text);
    }

    [TestCase("a\r\nb\r\n", "x\ny\n", "x\r\ny\r\n")]
    [TestCase("a\nb\n", "x\ny\n", "x\ny\n")]
    [TestCase("a\r\nb\n", "x\ny\n", "x\ny\n")]
    [TestCase("a\r\nb\r\n", "x\r\ny\n", "x\r\ny\n")]
    [TestCase("\r\n", "x\n", "x\r\n")]
    public async Task WriteFile_AFileWithLineEndsOfWindows_KeepsThem(string before, string content, string after)
    {
        using var bench = new ToolBench();
        bench.Write("w.txt", before);
        await bench.InvokeAsync("write_file", new { path = "w.txt", content });
        Assert.That(bench.Read("w.txt"), Is.EqualTo(after));
    }

    [Test]
    public async Task EditFile_AFileInAnotherEncoding_SaysWhichBytesAndAdvisesNothingThatLosesThem()
    {
        using var bench = new ToolBench();
        byte[] latin = [.. "x\nna"u8, 0xEF, .. "ve\n"u8];
        File.WriteAllBytes(Path.Combine(bench.Root, "l.txt"), latin);
        ToolOutcome outcome = await bench.InvokeAsync("edit_file", new { path = "l.txt", old_text = "na", new_text = "NA" });
        Assert.That(outcome.Text, Does.Contain("not UTF-8").And.Contain("EF in line 2").And.Not.Contain("replace it whole"));
        Assert.That(File.ReadAllBytes(Path.Combine(bench.Root, "l.txt")), Is.EqualTo(latin));
    }

    [TestCase(".git/hooks/pre-commit")]
    [TestCase("sub/.GIT/config")]
    [TestCase("folder")]
    [TestCase("")]
    public async Task WriteFile_GitsOwnFilesAndFolders_AreRefused(string path)
    {
        using var bench = new ToolBench();
        Directory.CreateDirectory(Path.Combine(bench.Root, "folder"));
        ToolOutcome outcome = await bench.InvokeAsync("write_file", new { path, content = "x" });
        Assert.That(outcome.IsError, Is.True);
        Assert.That(Directory.GetFileSystemEntries(bench.Root), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task WriteFile_AnotherFileStandsWhereAFolderIsNeeded_IsAnError()
    {
        using var bench = new ToolBench();
        bench.Write("a", "file");
        Assert.That((await bench.InvokeAsync("write_file", new { path = "a/b", content = "x" })).IsError, Is.True);
    }

    [Test]
    public async Task Replace_ALinkStandsInForTheTemporaryFile_IsNotFollowed()
    {
        using var bench = new ToolBench();
        string victim = Path.Combine(bench.Outside, "victim");
        File.WriteAllText(victim, "untouched");
        bench.Write("a.txt", "old");
        WorkspaceFile.Replace(bench.Context(), bench.Workspace, "a.txt", "probe"u8);
        using var watcher = new FileSystemWatcher(bench.Root) { EnableRaisingEvents = true };
        var name = new TaskCompletionSource<string>();
        watcher.Created += (_, e) => name.TrySetResult(e.Name!);
        WorkspaceFile.Replace(bench.Context(), bench.Workspace, "a.txt", "probe"u8);
        string temporary = await name.Task.WaitAsync(TimeSpan.FromMinutes(4));
        File.CreateSymbolicLink(Path.Combine(bench.Root, temporary), victim);

        WorkspaceFile.Replace(bench.Context(), bench.Workspace, "a.txt", "new"u8);

        Assert.That(File.ReadAllText(victim), Is.EqualTo("untouched"));
        Assert.That(bench.Read("a.txt"), Is.EqualTo("new"));
    }

    [Test]
    public async Task WriteFile_Reconciled_TellsWhetherTheContentIsThere()
    {
        using var bench = new ToolBench();
        var arguments = new { path = "a.txt", content = "x" };
        Assert.That((await bench.ReconcileAsync("write_file", arguments)).Verdict,
            Is.EqualTo(ReconciliationVerdict.DidNotTakeEffect));
        ToolOutcome outcome = await bench.InvokeAsync("write_file", arguments);
        Reconciliation found = await bench.ReconcileAsync("write_file", arguments);
        Assert.That(found, Is.EqualTo(Reconciliation.TookEffect(outcome.Text)));
    }

    [Test]
    public async Task WriteFile_ReconciledAfterSomebodyElseChangedTheFile_IsRefused()
    {
        using var bench = new ToolBench();
        var arguments = new { path = "a.txt", content = "x" };
        await bench.InvokeAsync("write_file", arguments);
        bench.Write("a.txt", "of a person");
        Assert.That((await bench.ReconcileAsync("write_file", arguments)).Result,
            Is.InstanceOf<ToolOutcome>().With.Property("IsError").True);
        File.Delete(Path.Combine(bench.Root, "a.txt"));
        Assert.That((await bench.ReconcileAsync("write_file", arguments)).Verdict,
            Is.EqualTo(ReconciliationVerdict.DidNotTakeEffect));
    }

    [TestCase("a b a", "b", "c", false, "a c a")]
    [TestCase("a b a", "a", "c", true, "c b c")]
    [TestCase("a\r\nb\r\nc", "a\nb", "x\ny", false, "x\r\ny\r\nc")]
    [TestCase("a\r\nb\nc", "b\nc", "x\ny", false, "a\r\nx\ny")]
    [TestCase("a $1 b", "$1", "$0", false, "a $0 b")]
    [TestCase("x", "x", "", false, "")]
    [TestCase("\uFEFFx", "x", "y", false, "\uFEFFy")]
    public async Task EditFile_ExactText_IsReplaced(string before, string old_text, string new_text, bool replace_all,
        string after)
    {
        using var bench = new ToolBench();
        File.WriteAllBytes(Path.Combine(bench.Root, "a.txt"), Encoding.UTF8.GetBytes(before));
        ToolOutcome outcome = await bench.InvokeAsync("edit_file", new { path = "a.txt", old_text, new_text, replace_all });
        Assert.That(outcome.IsError, Is.False, outcome.Text);
        Assert.That(File.ReadAllBytes(Path.Combine(bench.Root, "a.txt")), Is.EqualTo(Encoding.UTF8.GetBytes(after)));
    }

    [TestCase("a b a", "a", "c", "2 times")]
    [TestCase("aaa", "aa", "c", "2 times")]
    [TestCase("a", "b", "c", "is not in the file")]
    [TestCase("a", "", "c", "old_text: is empty")]
    [TestCase("a", "a", "a", "the same")]
    public async Task EditFile_NotOneExactPlace_IsAnErrorAndChangesNothing(string before, string old_text, string new_text,
        string words)
    {
        using var bench = new ToolBench();
        bench.Write("a.txt", before);
        ToolOutcome outcome = await bench.InvokeAsync("edit_file", new { path = "a.txt", old_text, new_text });
        Assert.That(outcome.IsError && outcome.Text.Contains(words, StringComparison.Ordinal), Is.True, outcome.Text);
        Assert.That(bench.Read("a.txt"), Is.EqualTo(before));
    }

    [Test]
    public async Task EditFile_NoUtf8_IsLeftAlone()
    {
        using var bench = new ToolBench();
        File.WriteAllBytes(Path.Combine(bench.Root, "a.txt"), [0x47, 0xFC, 0x61]);
        ToolOutcome outcome = await bench.InvokeAsync("edit_file", new { path = "a.txt", old_text = "a", new_text = "b" });
        Assert.That(outcome.Text, Does.Contain("UTF-8"));
        Assert.That(File.ReadAllBytes(Path.Combine(bench.Root, "a.txt")), Is.EqualTo(new byte[] { 0x47, 0xFC, 0x61 }));
    }

    [Test, CancelAfter(300_000)]
    public async Task EditFile_ManyAtOnce_LoseNone(CancellationToken cancellationToken)
    {
        using var bench = new ToolBench();
        bench.Write("a.txt", string.Concat(Enumerable.Range(0, 40).Select(i => $"<{i}>\n")));
        ToolOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => bench.Invoker.InvokeAsync(
            bench.Tools,
            ToolBench.Call("edit_file", new { path = "a.txt", old_text = $"<{i}>", new_text = $"[{i}]" }),
            bench.Context(call: i),
            cancellationToken)));
        Assert.That(outcomes.Any(o => o.IsError), Is.False);
        Assert.That(bench.Read("a.txt"), Is.EqualTo(string.Concat(Enumerable.Range(0, 40).Select(i => $"[{i}]\n"))));
    }

    private static readonly object Insertion = new { path = "a.txt", old_text = "anchor", new_text = "anchor\nanchored" };

    [Test]
    public async Task EditFile_ReconciledBeforeAnythingHappened_DidNotHappen()
    {
        using var bench = new ToolBench();
        bench.Write("a.txt", "anchor");
        Assert.That((await bench.ReconcileAsync("edit_file", Insertion)).Verdict,
            Is.EqualTo(ReconciliationVerdict.DidNotTakeEffect));
    }

    [Test]
    public async Task EditFile_ReconciledAfterItHappened_HappenedThoughTheOldTextIsStillThere()
    {
        using var bench = new ToolBench();
        bench.Write("a.txt", "anchor");
        ToolOutcome outcome = await bench.InvokeAsync("edit_file", Insertion);
        Assert.That(await bench.ReconcileAsync("edit_file", Insertion), Is.EqualTo(Reconciliation.TookEffect(outcome.Text)));
    }

    [Test]
    public async Task EditFile_CutOffBetweenMemoAndRename_DidNotHappen()
    {
        using var bench = new ToolBench();
        string path = bench.Write("a.txt", "anchor");
        byte[] original = File.ReadAllBytes(path);
        DateTime changed = File.GetLastWriteTimeUtc(path);
        await bench.InvokeAsync("edit_file", Insertion);
        File.WriteAllBytes(path, original);
        File.SetLastWriteTimeUtc(path, changed);
        Assert.That((await bench.ReconcileAsync("edit_file", Insertion)).Verdict,
            Is.EqualTo(ReconciliationVerdict.DidNotTakeEffect));
    }

    [TestCase("anchor")]
    [TestCase("anchor\nanchored\nand more")]
    public async Task EditFile_SomebodyElseChangedTheFileSince_NobodyCanSay(string now)
    {
        using var bench = new ToolBench();
        string path = bench.Write("a.txt", "anchor");
        await bench.InvokeAsync("edit_file", Insertion);
        File.WriteAllText(path, now);
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(1));
        Assert.That((await bench.ReconcileAsync("edit_file", Insertion)).Verdict, Is.EqualTo(ReconciliationVerdict.Unknown));
    }

    [Test]
    public async Task EditFile_TheHostKeepsNoRecords_NobodyCanSay()
    {
        using var bench = new ToolBench(withRecords: false);
        bench.Write("a.txt", "anchor");
        Assert.That((await bench.ReconcileAsync("edit_file", Insertion)).Verdict, Is.EqualTo(ReconciliationVerdict.Unknown));
    }

    [Test]
    public async Task EditFile_TheMemoCannotBeKept_TheFileStaysAsItWas()
    {
        using var bench = new ToolBench();
        bench.Write("a.txt", "anchor");
        bench.Stores.Broken = true;
        ToolOutcome outcome = await bench.InvokeAsync("edit_file", Insertion);
        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.EngineUnavailable));
        Assert.That(bench.Read("a.txt"), Is.EqualTo("anchor"));
    }
}
