using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Gateway.Folders;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;

namespace AgentFunctions.Tests.Snapshots;

/// <summary>
/// What others have changed since is kept, brought back or merged, as a person decides: at once, or when asked.
/// </summary>
[CancelAfter(300_000)]
internal sealed class RestoreConflictTests
{
    private const string Original = "1\n2\n3\n4\n5\n6\n7\n";

    [TestCase(ConflictChoice.Keep, "1\nagent\n3\n4\n5\nuser\n7\n", 0)]
    [TestCase(ConflictChoice.Restore, Original, 0)]
    [TestCase(ConflictChoice.Merge, "1\n2\n3\n4\n5\nuser\n7\n", 0)]
    [TestCase(null, "1\nagent\n3\n4\n5\nuser\n7\n", 1)]
    public async Task Restore_OfAConflict_IsResolvedAsChosen(ConflictChoice? choice, string expected, int left)
    {
        using var folder = new TemporaryFolder();
        await using RunHost host = await StartAsync(folder, 1);
        Run run = await ConflictAsync(host, folder, "1\nagent\n3\n4\n5\nuser\n7\n");

        var request = new RestoreRequest(0)
        {
            Resolve = choice is { } chosen ? new Dictionary<string, ConflictChoice> { ["f0.txt"] = chosen } : null,
        };
        RestoreReport dry = await host.Get<RunFolder>().RestoreAsync(run.Id, request with { DryRun = true });
        RestoreReport report = await host.Get<RunFolder>().RestoreAsync(run.Id, request);

        Assert.That(File.ReadAllText(Path.Combine(folder.Path, "f0.txt")), Is.EqualTo(expected));
        Assert.That((report.Conflicts.Count, dry.Conflicts.Count), Is.EqualTo((left, left)));
        Assert.That(report.Conflicts.Where(static one => !one.IsMergeable), Is.Empty);
        Assert.That(report.Restored.Count,
            Is.EqualTo(dry.Restored.Count).And.EqualTo(choice is null or ConflictChoice.Keep ? 0 : 1));
        await host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(2) { Overwrite = true });
        Assert.That(File.ReadAllText(Path.Combine(folder.Path, "f0.txt")), Is.EqualTo("1\nagent\n3\n4\n5\nuser\n7\n"),
            "an undo is undone");
    }

    [Test]
    public async Task Merge_OfLinesThatTouch_StaysInConflict()
    {
        using var folder = new TemporaryFolder();
        await using RunHost host = await StartAsync(folder, 1);
        Run run = await ConflictAsync(host, folder, "1\nagent and user\n3\n4\n5\n6\n7\n");

        RestoreReport report = await host.Get<RunFolder>().RestoreAsync(
            run.Id, new RestoreRequest(0)
            {
                Resolve = new Dictionary<string,
                ConflictChoice>
                { [RestoreRequest.AnyPath] = ConflictChoice.Merge }
            });

        Assert.That(report.Conflicts.Select(static one => (one.Path, one.IsMergeable)), Is.EqualTo(new[] { ("f0.txt", false) }));
        Assert.That(report.Restored, Is.Empty);
    }

    [Test]
    public async Task Ask_AboutAConflict_PutsItToAPersonAndCarriesTheAnswerOut(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using RunHost host = await StartAsync(folder, 2);
        Run run = await ConflictAsync(host, folder, "1\nagent\n3\n4\n5\nuser\n7\n");
        RunFolder runFolder = host.Get<RunFolder>();
        QuestionService questions = host.Get<QuestionService>();
        var approver = new Caller("user:bo") { Roles = [CallerRoles.Approver] };
        var request = new RestoreRequest(0) { Ask = true };

        RestoreReport report = await runFolder.RestoreAsync(run.Id, request, cancellationToken: cancellationToken);
        RestoreReport again = await runFolder.RestoreAsync(run.Id, request, cancellationToken: cancellationToken);
        Question asked = (await questions.ListPendingAsync(approver, cancellationToken)).Single();

        Assert.That((report.Question, again.Question), Is.EqualTo((asked.Id, asked.Id)), "asked once");
        Assert.That(asked.RunId, Is.EqualTo(run.Id));
        Assert.That(asked.Why, Is.EqualTo(
            "f0.txt: changed by somebody outside of the runs, can be merged\n"
            + "f1.txt: changed by somebody outside of the runs, can be merged"));
        QuestionField[] fields = [.. QuestionForm.Read(asked.Form).Fields];
        Assert.That(
            fields.Select(static field => (field.Description, field.IsRequired)),
            Is.EqualTo(new[] { ("f0.txt", true), ("f1.txt", true) }));
        JsonElement wrong = JsonElement.Parse("""{"file1":"throw away","file2":"keep"}""");
        Assert.That(
            () => questions.AnswerAsync(asked.Id, approver, wrong, cancellationToken),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.InvalidInput));

        JsonElement answers = JsonElement.Parse("""{"file1":"merge","file2":"keep"}""");
        await questions.AnswerAsync(asked.Id, approver, answers, cancellationToken);
        await host.EventAsync(
            run.Id,
            static one => one.Type == JournalEventTypes.WorkspaceRestored
                && one.Text!.StartsWith("by user:bo: ", StringComparison.Ordinal),
            cancellationToken);

        Assert.That(File.ReadAllText(Path.Combine(folder.Path, "f0.txt")), Is.EqualTo("1\n2\n3\n4\n5\nuser\n7\n"));
        Assert.That(File.ReadAllText(Path.Combine(folder.Path, "f1.txt")), Is.EqualTo("1\nagent\n3\n4\n5\nuser\n7\n"));
        run = await host.Reader.GetAsync(run.Id, cancellationToken);
        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), "the run is not woken");
    }

    [Test]
    public async Task Ask_AboutMoreThanAFormTakes_AsksAboutAllAtOnce(CancellationToken cancellationToken)
    {
        const int Count = QuestionForm.MaxFields + 1;
        using var folder = new TemporaryFolder();
        await using RunHost host = await StartAsync(folder, Count);
        Run run = await ConflictAsync(host, folder, "1\nagent\n3\n4\n5\nuser\n7\n");
        RestoreReport report = await AskAsync(host, run, cancellationToken);

        JsonElement answers = JsonElement.Parse("""{"all":"restore"}""");
        await host.Get<QuestionService>().AnswerAsync(report.Question!, Caller.Local, answers, cancellationToken);
        await host.EventAsync(run.Id, static one => one.Type == JournalEventTypes.WorkspaceRestored, cancellationToken);

        IEnumerable<string> texts = Directory.EnumerateFiles(folder.Path).Select(File.ReadAllText);
        Assert.That(texts, Is.EqualTo(Enumerable.Repeat(Original, Count)));
    }

    [Test]
    public async Task Ask_ThatIsDeclined_LeavesAllAsItIs(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using RunHost host = await StartAsync(folder, 1);
        Run run = await ConflictAsync(host, folder, "1\nagent\n3\n4\n5\nuser\n7\n");
        RestoreReport report = await AskAsync(host, run, cancellationToken);

        await host.Get<QuestionService>().DeclineAsync(report.Question!, Caller.Local, "Leave it.", cancellationToken);
        await host.Get<IOrchestrationClient>().WaitForCompletionAsync(Question.WaiterOf(report.Question!), cancellationToken);

        Assert.That(File.ReadAllText(Path.Combine(folder.Path, "f0.txt")), Is.EqualTo("1\nagent\n3\n4\n5\nuser\n7\n"));
        RestoreReport anew = await AskAsync(host, run, cancellationToken);
        Assert.That(anew.Question, Is.Not.Null.And.Not.EqualTo(report.Question), "asked again when it is asked for again");
    }

    /// <summary>A run whose agent changes the second line of some files.</summary>
    private static async Task<RunHost> StartAsync(TemporaryFolder folder, int files)
    {
        for (int number = 0; number < files; number++)
        {
            File.WriteAllText(Path.Combine(folder.Path, $"f{number}.txt"), Original);
        }

        return await FolderHost.StartSharedAsync(folder.Path, request => request.Turn == 0
            ? new ChatReply { Calls = [.. Enumerable.Range(0, files).Select(EditOf)] }
            : ChatReply.Say("done"));

        static ChatReplyCall EditOf(int number) =>
            ChatReplyCall.Of("edit_file", new { path = $"f{number}.txt", old_text = "2\n", new_text = "agent\n" });
    }

    private static Task<RestoreReport> AskAsync(RunHost host, Run run, CancellationToken cancellationToken) =>
        host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(0) { Ask = true }, cancellationToken: cancellationToken);

    /// <summary>Runs it, and has somebody else change the files.</summary>
    private static async Task<Run> ConflictAsync(RunHost host, TemporaryFolder folder, string text)
    {
        Run run = await host.RunAsync();
        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(File.ReadAllText(Path.Combine(folder.Path, "f0.txt")), Is.EqualTo("1\nagent\n3\n4\n5\n6\n7\n"));
        foreach (string file in Directory.EnumerateFiles(folder.Path))
        {
            await File.WriteAllTextAsync(file, text);
        }

        return run;
    }
}
