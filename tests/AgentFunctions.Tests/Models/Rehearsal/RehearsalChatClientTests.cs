using AgentFunctions.Models;
using AgentFunctions.Models.Rehearsal;
using AgentFunctions.Tests.OpenAI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.Models.Rehearsal;

[CancelAfter(300_000)]
public sealed class RehearsalChatClientTests
{
    private const string Goal = "Audit this folder and report what you find.";

    private ModelHost _host = null!;
    private RehearsalWorkspace _workspace = null!;

    private ModelBinding Model => _host.Catalog.Resolve(null);

    [SetUp]
    public void SetUp()
    {
        _host = new ModelHost();
        _workspace = new RehearsalWorkspace
        {
            ["README.md"] = "# The shop\n\nSells things.\n",
            ["src/Shop.cs"] = "class Shop\n{\n    // TODO: sell something\n    void Run() { try { } catch { } }\n}\n",
            ["src/Settings with space.cs"] = "class Settings\n{\n    string ApiKey = \"AKIA1234567890ABCDEF\";\n    // FIXME: move\n}\n",
            ["notes.txt"] = "nothing here\n",
        };
    }

    [TearDown]
    public async Task TearDown()
    {
        _workspace.Dispose();
        await _host.DisposeAsync();
    }

    [Test]
    public async Task Run_Folder_ReportsWhatToolsReallyFound()
    {
        List<ChatMessage> messages = await _workspace.RunAsync(Model, [new(ChatRole.User, Goal)], _workspace.Tools);

        string report = _workspace["audit-report.md"];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(report, Does.Contain("`src/Shop.cs:3`: // TODO: sell something"));
            Assert.That(report, Does.Contain("`src/Settings with space.cs:4`: // FIXME: move"));
            Assert.That(report, Does.Contain("`src/Settings with space.cs:3`: string ApiKey = \"***\""));
            Assert.That(report, Does.Not.Contain("AKIA1234567890ABCDEF"));
            Assert.That(report, Does.Contain("`src/Shop.cs:4`"));
            Assert.That(report, Does.Contain("4 files were listed"));
            Assert.That(report, Does.Contain("add a licence"));
            Assert.That(report, Does.Contain(RehearsalChatClient.Label));
            Assert.That(report, Does.Not.Contain("What did not work"));
            Assert.That(messages[^1].Text, Does.Contain("audit-report.md").And.Contain("unfinished work 2"));
            Assert.That(_workspace.CallsPerTurn.Max(), Is.GreaterThan(4), "several tools in one turn");
            Assert.That(_workspace.Called.Distinct(),
                Is.EquivalentTo(new[] { "list_files", "read_file", "search_files", "write_file" }));
            Assert.That(
                messages.Where(message => message.Role == ChatRole.Assistant).Select(message => message.Text),
                Has.All.StartsWith(RehearsalChatClient.Label));
        }
    }

    [Test]
    public async Task Run_Again_FindsTheSameAndIgnoresItsOwnReport()
    {
        await _workspace.RunAsync(Model, [new(ChatRole.User, Goal)], _workspace.Tools);
        string first = _workspace["audit-report.md"];
        await _workspace.RunAsync(Model, [new(ChatRole.User, Goal)], _workspace.Tools);

        Assert.That(_workspace["audit-report.md"], Is.EqualTo(first));
    }

    [TestCase("Audit the code and write the report to docs/findings.md, please.", "docs/findings.md")]
    [TestCase("Review the repository. Save your findings as `out.txt`.", "out.txt")]
    [TestCase("Review README.md and notes.txt.", "audit-report.md")]
    public async Task Run_GoalNamesTheReport_IsHonoured(string goal, string path)
    {
        await _workspace.RunAsync(Model, [new(ChatRole.User, goal)], _workspace.Tools);

        Assert.That(_workspace.Has(path));
        Assert.That(_workspace["README.md"], Is.EqualTo("# The shop\n\nSells things.\n"));
    }

    [TestCase("list_files")]
    [TestCase("read_file")]
    [TestCase("search_files")]
    public async Task Run_ToolMissing_DoesTheRest(string missing)
    {
        await _workspace.RunAsync(Model, [new(ChatRole.User, Goal)], [.. _workspace.Tools.Where(tool => tool.Name != missing)]);

        Assert.That(_workspace["audit-report.md"], Does.Contain("# Audit"));
    }

    [TestCase("list_files")]
    [TestCase("read_file")]
    [TestCase("search_files")]
    public async Task Run_ToolFails_ReportsIt(string broken)
    {
        await _workspace.RunAsync(
            Model,
            [new(ChatRole.User, Goal)],
            [.. _workspace.Tools.Where(tool => tool.Name != broken),
                RehearsalWorkspace.Failing(broken, "Error: the disk is on fire.")]);

        Assert.That(_workspace["audit-report.md"], Does.Contain("## What did not work").And.Contain("the disk is on fire"));
    }

    [Test]
    public async Task Run_NothingCanBeWritten_AnswersWithTheReport()
    {
        List<ChatMessage> missing = await _workspace.RunAsync(
            Model, [new(ChatRole.User, Goal)], [.. _workspace.Tools.Where(tool => tool.Name != "write_file")]);
        List<ChatMessage> failing = await _workspace.RunAsync(
            Model,
            [new(ChatRole.User, Goal)],
            [.. _workspace.Tools.Where(tool => tool.Name != "write_file"),
                RehearsalWorkspace.Failing("write_file", "Error: read-only.")]);

        Assert.That(missing[^1].Text, Does.Contain("# Audit").And.Contain("src/Shop.cs:3"));
        Assert.That(failing[^1].Text, Does.Contain("# Audit").And.Contain("read-only"));
    }

    [Test]
    public async Task Run_HistoryIsCompacted_ComesToAnEnd()
    {
        await _workspace.RunAsync(Model, [new(ChatRole.User, Goal)], _workspace.Tools, Compact);

        Assert.That(_workspace["audit-report.md"], Does.Contain("# Audit"));
        Assert.That(_workspace.Called.Count(name => name == "write_file"), Is.EqualTo(1));

        // Keeps the goal and the last exchange only.
        static List<ChatMessage> Compact(List<ChatMessage> messages) =>
            messages.Count <= 5 ? messages : [messages[0], new(ChatRole.User, "Summary: work was done."), .. messages[^2..]];
    }

    [Test]
    public async Task Run_PlanToolIsOffered_IsKeptUpToDate()
    {
        List<string> states = [];
        foreach (string name in new[] { "A.cs", "B.cs", "C.cs" })
        {
            _workspace[name] = string.Concat(Enumerable.Repeat("// Larger than the files with findings.\n", 20));
        }

        AIFunction plan = AIFunctionFactory.Create(
            (PlanItem[] items) =>
            {
                states.Add(string.Concat(items.Select(item => item.Status[0])));
                return "ok";
            }, "update_plan");

        await _workspace.RunAsync(Model, [new(ChatRole.User, Goal)], [.. _workspace.Tools, plan]);

        Assert.That(states, Is.EqualTo(new[] { "ippp", "cipp", "ccip", "ccci", "cccc" }));
    }

    [Test]
    public async Task Run_FollowUpAfterTheAnswer_IsANewTask()
    {
        List<ChatMessage> messages = await _workspace.RunAsync(Model, [new(ChatRole.User, Goal)], _workspace.Tools);
        _workspace["later.cs"] = "// TODO: later\n";
        messages.Add(new(ChatRole.User, "Scan again and write the report to second.md"));

        messages = await _workspace.RunAsync(Model, messages, _workspace.Tools);

        string[] ids = [.. messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>()
            .Select(call => call.CallId)];
        Assert.That(_workspace["second.md"], Does.Contain("later.cs:1"));
        Assert.That(ids, Is.Unique);
    }

    [Test]
    public async Task Ask_GoalIsNoAudit_SaysHonestlyWhatItIs()
    {
        List<ChatMessage> messages = await _workspace.RunAsync(Model, [new(ChatRole.User, "Write a poem about the sea.")],
            _workspace.Tools);

        Assert.That(
            messages[^1].Text,
            Does.StartWith(RehearsalChatClient.Label).And.Contain("poem about the sea").And.Contain("OPENAI_API_KEY").And.Contain("read_file"));
        Assert.That(_workspace.Called, Is.Empty);
    }

    [Test]
    public async Task Ask_Streamed_SaysTheSame()
    {
        var options = new ChatOptions { Tools = [.. _workspace.Tools] };
        ChatMessage goal = new(ChatRole.User, Goal);

        ChatResponse whole = await Model.Client.GetResponseAsync([goal], options);
        ChatResponse streamed = await Model.Client.GetStreamingResponseAsync([goal], options).ToChatResponseAsync();

        Assert.That(streamed.Text, Is.EqualTo(whole.Text));
        Assert.That(streamed.ModelId, Is.EqualTo("rehearsal"));
        Assert.That(streamed.FinishReason, Is.EqualTo(ChatFinishReason.ToolCalls));
        Assert.That(Model.Profile.IsRehearsal);
    }

    private sealed record PlanItem(string Text, string Status);
}
