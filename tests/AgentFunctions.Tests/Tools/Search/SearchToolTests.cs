using AgentFunctions.Agents;
using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Gateway;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Tools.Search;

/// <summary>Runs with more tools than their requests are to carry.</summary>
[CancelAfter(300_000)]
internal sealed class SearchToolTests
{
    private const string Wanted = "mcp__odd__report_777";

    private static readonly ChatReply Search = ChatReply.Call("search_tools", new { query = "report number 777", limit = 3 });

    [Test]
    public async Task Run_ServerOfManyTools_StaysUnderTheBoundFindsOneAndCallsIt()
    {
        await using RunHost host = await RunHost.StartAsync(
            ManyTools.AddServer,
            request => request.Turn switch
            {
                0 => Search,
                1 => ChatReply.Call(Wanted, new { customer = "ann" }),
                _ => ChatReply.Say(request.Results[0]),
            });

        Run run = await host.RunAsync();

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "report_777 for ann")),
            run.Error?.ToString());
        IReadOnlyList<ChatRequest> requests = host.Model.Requests;
        Assert.That(requests[0].Tools,
            Does.Contain("search_tools").And.Contain("update_plan").And.None.StartsWith("mcp__odd__report"));
        Assert.That(requests[0].Body.GetProperty("tools").GetRawText(), Does.Contain("mcp__odd (1,2"));
        Assert.That(requests[1].Tools,
            Is.EqualTo(requests[0].Tools.Append(Wanted).Concat(requests[1].Tools.Skip(requests[0].Tools.Count + 1))),
            "loaded tools come last");
        Assert.That(requests[1].Tools, Has.Count.EqualTo(requests[0].Tools.Count + 3));
        Assert.That(requests[2].Tools, Is.EqualTo(requests[1].Tools));
        Assert.That(requests.Max(request => request.Tools.Count), Is.LessThanOrEqualTo(128));
        Assert.That(requests.Max(ManyTools.BytesOfTools), Is.LessThanOrEqualTo(76_800));
        string note = (await host.JournalAsync(run.Id)).Single(e => e.Type == JournalEventTypes.RunNoted).Text!;
        Assert.That(note, Does.Contain("are more than the model is shown at once (128 tools, 76,800 bytes)").And.Contain("search_tools"));
        TestContext.Out.WriteLine($"{note}\nrequest with all: see the note; with the search: {string.Join(", ", requests.Select(ManyTools.BytesOfTools))} bytes");
    }

    [Test]
    public async Task Run_ApiOfManyOperations_FindsOneAndCallsIt()
    {
        await using FlakyServer server = await FlakyServer.StartAsync();
        using var folder = new TemporaryFolder();
        await using RunHost host = await RunHost.StartAsync(
            services => ManyTools.AddApi(services, folder.Path, server.Url.TrimEnd('/')),
            request => request.Turn switch
            {
                0 => Search,
                1 => ChatReply.Call("api__getReport777", new { customer = "ann" }),
                _ => ChatReply.Say(request.Results[0]),
            });

        Run run = await host.RunAsync();

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.ToString());
        Assert.That(run.Result?.Text, Does.Contain("404"), "the call reached the API");
        Assert.That(host.Model.Requests[1].Tools, Does.Contain("api__getReport777"));
        Assert.That(host.Model.Requests.Max(ManyTools.BytesOfTools), Is.LessThanOrEqualTo(76_800));
        TestContext.Out.WriteLine((await host.JournalAsync(run.Id)).Single(e => e.Type == JournalEventTypes.RunNoted).Text);
    }

    [Test]
    public async Task Call_ToolIsNotLoaded_IsNotMadeButLoadsIt()
    {
        await using RunHost host = await RunHost.StartAsync(
            ManyTools.AddServer,
            request => request.Turn switch
            {
                0 => new ChatReply
                {
                    Calls = [ChatReplyCall.Of(Wanted, new { customer = "ann" }),
                    ChatReplyCall.Of("mcp__odd__no_such", new { })]
                },
                1 => ChatReply.Call(Wanted, new { customer = "ann" }),
                _ => ChatReply.Say(request.Results[0]),
            });

        Run run = await host.RunAsync();

        Assert.That(run.Result?.Text, Is.EqualTo("report_777 for ann"), run.Error?.ToString());
        IReadOnlyList<string> first = host.Model.Requests[1].Results;
        Assert.That(first[0], Does.Contain("was not loaded, so this call was not made").And.Contain("call it again"));
        Assert.That(first[1], Does.Contain("there is no tool 'mcp__odd__no_such'").And.Not.Contain("report_"));
        Assert.That(host.Model.Requests[1].Tools, Does.Contain(Wanted));
    }

    [Test]
    public async Task Run_HostRestartedAndContextSummedUp_KeepsWhatIsLoaded(CancellationToken cancellationToken)
    {
        var mayGoOn = new TaskCompletionSource();
        var isLoaded = new TaskCompletionSource();
        AgentTool large = AgentTool.Create("large", "Returns much.", ToolEffect.None, () => new string('z', 9_000));
        await using RunHost host = await RunHost.StartAsync(
            ManyTools.AddServer, request => Metered(request, Reply(request)), [large],
            settings: [("Models:test:ContextWindow", "16000"), ("Models:test:MaxOutputTokens", "1000")]);
        Run run = await host.SubmitAsync();
        await isLoaded.Task.WaitAsync(cancellationToken);

        Task restarted = host.RestartAsync();
        mayGoOn.TrySetResult();
        await restarted;
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "report_777 for ann")),
            run.Error?.ToString());
        Assert.That((await host.JournalAsync(run.Id)).Select(e => e.Type), Does.Contain(JournalEventTypes.ContextCompacted));
        Assert.That(
            host.Model.Requests.Count(request => request.Tools.Contains("search_tools") && !request.Tools.Contains(Wanted)),
            Is.EqualTo(1), "it was loaded once, for good");

        ChatReply Reply(ChatRequest request)
        {
            if (request.Messages[0].GetRawText().Contains("You sum up", StringComparison.Ordinal))
            {
                return ChatReply.Say("THE SUMMARY");
            }

            if (!request.Tools.Contains(Wanted))
            {
                return Search;
            }

            isLoaded.TrySetResult();
            bool isSummedUp = request.Messages.Any(message => message.GetRawText()
                .Contains("THE SUMMARY", StringComparison.Ordinal));
            return (mayGoOn.Task.IsCompleted, isSummedUp) switch
            {
                (false, _) => ChatReply.Call("large", new { }) with { Before = token => mayGoOn.Task.WaitAsync(token) },
                (true, false) => ChatReply.Call("large", new { }),
                _ when request.Results is [var result] && result.StartsWith("report_", StringComparison.Ordinal) =>
                    ChatReply.Say(result),
                _ => ChatReply.Call(Wanted, new { customer = "ann" }),
            };
        }
    }

    private static ChatReply Metered(ChatRequest request, ChatReply reply) =>
        reply with { Usage = new(request.Body.GetRawText().Length / 3, 20) };

    [Test]
    public async Task Fork_AfterTheLoad_HasItAndBeforeItHasNot(CancellationToken cancellationToken)
    {
        await using RunHost host = await RunHost.StartAsync(
            ManyTools.AddServer, request => request.Turn switch
            {
                0 => Search,
                1 => ChatReply.Call(Wanted, new { customer = "ann" }),
                _ => ChatReply.Say("end")
            });
        Run first = await host.RunAsync();
        int before = host.Model.Count;

        Run late = await host.Get<RunForking>()
            .ForkAsync(first.Id, new ForkRequest { Turn = 1 }, cancellationToken: cancellationToken);
        await host.Reader.WaitForEndAsync(late.Id, cancellationToken);
        ChatRequest loaded = host.Model.Requests[before];
        before = host.Model.Count;
        Run early = await host.Get<RunForking>()
            .ForkAsync(first.Id, new ForkRequest { Turn = 0 }, cancellationToken: cancellationToken);
        await host.Reader.WaitForEndAsync(early.Id, cancellationToken);

        Assert.That(loaded.Tools, Does.Contain(Wanted));
        Assert.That(host.Model.Requests[before].Tools, Does.Not.Contain(Wanted));
    }

    [Test]
    public async Task Run_SearchIsDisallowed_IsNotGivenItAndTheRestIsLeftOutWithANote()
    {
        await using RunHost host = await RunHost.StartAsync(
            ManyTools.AddServer, request => request.Turn == 0
                ? ChatReply.Call(Wanted, new { })
                : ChatReply.Say(request.Results[0]),
            agent: agent => agent.WithoutTools("search_tools"));

        Run run = await host.RunAsync();

        Assert.That(run.Result?.Text, Does.Contain($"there is no tool '{Wanted}'"), run.Error?.ToString());
        Assert.That(host.Model.Requests[0].Tools, Does.Not.Contain("search_tools"));
        Assert.That(
            (await host.JournalAsync(run.Id)).Single(e => e.Type == JournalEventTypes.RunNoted).Text,
            Does.Contain("'search_tools' is disallowed, so 12").And.Contain("of them are left out"));
    }

    [Test]
    public async Task Run_FewTools_HasNoSearch()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Turn == 0
                ? ChatReply.Call("search_tools", new { query = "anything" })
                : ChatReply.Say(request.Results[0]));

        Run run = await host.RunAsync();

        Assert.That(host.Model.Requests[0].Tools, Does.Not.Contain("search_tools"));
        Assert.That(run.Result?.Text, Does.Contain("there is no tool 'search_tools'"));
    }

    [Test]
    public async Task Search_PolicyForbidsTheFoundTool_SeesTheRealTool()
    {
        using var folder = new TemporaryFolder();
        string policy = folder.Write("policy.yaml",
            $"rules:\n  - name: no-reports\n    when: {{ tool: \"mcp__odd__report_*\" }}\n    then: deny\n    reason: No reports.\n");
        await using RunHost host = await RunHost.StartAsync(
            ManyTools.AddServer,
            request => request.Turn switch
            {
                0 => Search,
                1 => ChatReply.Call(Wanted, new { customer = "ann" }),
                _ => ChatReply.Say(request.Results[0])
            },
            settings: ("Governance:PolicyPath", policy));

        Run run = await host.RunAsync();

        Assert.That(run.Result?.Text ?? run.Error?.ToString(), Does.Contain("No reports."));
    }

    [Test]
    public async Task Spawn_LeadHasLoadedATool_SubAgentBeginsWithItsOwnSearch()
    {
        await using RunHost host = await RunHost.StartAsync(
            ManyTools.AddServer,
            request => (request.Body.GetRawText().Contains("SUB TASK", StringComparison.Ordinal)
                && !request.Tools.Contains("spawn"), request.Turn) switch
            {
                (true, 0) => ChatReply.Call(Wanted, new { customer = "bob" }),
                (true, 1) => ChatReply.Call(Wanted, new { customer = "bob" }),
                (true, _) => ChatReply.Say(request.Results[0]),
                (false, 0) => Search,
                (false, 1) => ChatReply.Call("spawn", new { items = new[] { "one" }, template = "SUB TASK {item}" }),
                (false, 2) => ChatReply.Call("wait", new { }),
                (false, 3) => ChatReply.Call("results", new { }),
                _ => ChatReply.Say(request.Results[0]),
            },
            agent: agent => agent.WithDelegation(Delegation.Native));

        Run run = await host.RunAsync();

        Assert.That(run.Result?.Text ?? run.Error?.ToString(), Does.Contain("report_777 for bob"));
        ChatRequest[] children =
            [.. host.Model.Requests.Where(request => request.Tools.Contains("search_tools") && !request.Tools.Contains("spawn"))];
        Assert.That(children[0].Tools, Does.Not.Contain(Wanted));
        Assert.That(children[1].Results[0], Does.Contain("was not loaded"));
        Assert.That(children[1].Tools, Does.Contain(Wanted));
    }

    [Test]
    public async Task Run_ManyToolsComeLate_AreFoundAndNotDeclared()
    {
        using var folder = new TemporaryFolder();
        string gate = Path.Combine(folder.Path, "gate");
        McpServerDefinition server = ManyTools.Server();
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddMcpServer(server with { Args = [.. server.Args, $"waits:{gate}"] }),
            request =>
            {
                File.WriteAllText(gate, "");
                return request switch
                {
                    _ when request.Results is [var result] && result.StartsWith("report_", StringComparison.Ordinal) =>
                        ChatReply.Say(result),
                    _ when request.Tools.Contains(Wanted) => ChatReply.Call(Wanted, new { customer = "ann" }),
                    _ when request.Tools.Contains("search_tools") => Search,
                    _ => ChatReply.Call("recall", new { query = "x" }),
                };
            },
            settings: ("Tools:ServerPatience", "00:00:00.1"));

        Run run = await host.RunAsync();

        Assert.That(run.Result?.Text, Is.EqualTo("report_777 for ann"), run.Error?.ToString());
        Assert.That(host.Model.Requests.Max(ManyTools.BytesOfTools), Is.LessThanOrEqualTo(76_800));
        string[] notices = [.. (await host.TranscriptAsync(run.Id)).Where(entry => entry.Origin == TranscriptOrigin.Host)
            .Select(entry => entry.Message.Text)];
        Assert.That(notices, Has.Exactly(1).Contains("tools of mcp__odd are available now").And.Exactly(1)
            .Contains("Find them with search_tools."));
        Assert.That(notices.Max(text => text.Length), Is.LessThan(2_000));
    }
}
