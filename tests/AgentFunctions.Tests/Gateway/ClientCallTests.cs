using System.Text.Json;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Client;

namespace AgentFunctions.Tests.Gateway;

/// <summary>Tools that the caller of a run brings along and executes.</summary>
[CancelAfter(300_000)]
internal sealed class ClientCallTests
{
    private static readonly Caller Ada =
        new("ada") { Roles = [CallerRoles.Submitter], Door = new CallerDoor("openai", "resp_1") };

    private static readonly ClientTool Weather = new("get_weather")
    {
        Description = "Gets the weather.",
        Schema = JsonElement.Parse("""{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"""),
    };

    [Test]
    public async Task Call_IsShownToItsCallerAndItsAnswerToTheModel(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync();
        Run run = await SubmitAsync(host);

        ClientCall call = await OpenAsync(host, run.Id, cancellationToken);
        Run waiting = await host.Reader.GetAsync(run.Id, cancellationToken);
        await host.Get<ClientCalls>().AnswerAsync(call.Id, new ClientAnswer("18 degrees"), Ada, cancellationToken);
        Run ended = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That((call.Id, call.Tool, call.Arguments.GetRawText()),
            Is.EqualTo(($"{run.Id}/1/0", "get_weather", """{"city":"Bern"}""")));
        Assert.That((waiting.Status, waiting.WaitingFor!.Kind, waiting.WaitingFor.Id),
            Is.EqualTo((RunStatus.Waiting, "caller", call.Id)));
        Assert.That((ended.Status, ended.Result!.Text, ended.Steps), Is.EqualTo((RunStatus.Completed, "Result: 18 degrees", 3)));
        Assert.That(host.Model.Requests[0].Tools, Does.Contain("get_weather"));
        AuditEntry answered = await host.Get<AuditLog>().ReadAsync(run.Id, 0, cancellationToken)
            .SingleAsync(static entry => entry.Type == AuditTypes.CallAnswered, cancellationToken);
        Assert.That(
            (answered.Actor, answered.Door, answered.DoorRequest, answered.Tool, answered.Outcome),
            Is.EqualTo(("ada", "openai", "resp_1", "get_weather", "18 degrees")));
        Assert.That(
            (await host.JournalAsync(run.Id)).Single(static e => e.Type == JournalEventTypes.ToolStarted).IsClient, Is.True);
        Assert.That(await host.Get<ClientCalls>().ListOpenAsync(ended, cancellationToken), Is.Empty);
    }

    [Test]
    public async Task Call_OfAHostThatRestarts_WaitsOn(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync();
        Run run = await SubmitAsync(host);
        ClientCall call = await OpenAsync(host, run.Id, cancellationToken);

        await host.RestartAsync();
        ClientCall after = await OpenAsync(host, run.Id, cancellationToken);
        await host.Get<ClientCalls>().AnswerAsync(call.Id, new ClientAnswer("rain"), Ada, cancellationToken);

        Assert.That(after.Id, Is.EqualTo(call.Id));
        Assert.That((await host.Reader.WaitForEndAsync(run.Id, cancellationToken)).Result!.Text, Is.EqualTo("Result: rain"));
    }

    [Test]
    public async Task Call_WhoseAnswerWasRecordedByAHostThatDied_IsFoundByTheNextLook(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync();
        Run run = await SubmitAsync(host);
        ClientCall call = await OpenAsync(host, run.Id, cancellationToken);
        ClientCallStore store = host.Get<ClientCallStore>();
        ClientCallRecord known = (await store.FindAsync(run.Id, call.Turn, call.Call, cancellationToken))!;
        await store.TryPutAsync(
            run.Id, call.Turn, call.Call, known with { State = ClientCallState.Answered, Text = "rain", By = "ada" },
            cancellationToken);

        await host.Get<ClientCalls>().AnswerAsync(call.Id, new ClientAnswer("rain"), Ada, cancellationToken);

        Assert.That((await host.Reader.WaitForEndAsync(run.Id, cancellationToken)).Result!.Text, Is.EqualTo("Result: rain"));
        Assert.That(
            await host.Get<AuditLog>().ReadAsync(run.Id, 0, cancellationToken)
                .CountAsync(static entry => entry.Type == AuditTypes.CallAnswered, cancellationToken), Is.EqualTo(1));
    }

    [Test]
    public async Task Call_AnsweredTwice_TakesTheFirstAndTellsOfIt(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync();
        Run run = await SubmitAsync(host);
        ClientCall call = await OpenAsync(host, run.Id, cancellationToken);
        ClientCalls calls = host.Get<ClientCalls>();
        await calls.AnswerAsync(call.Id, new ClientAnswer("rain"), Ada, cancellationToken);
        await calls.AnswerAsync(call.Id, new ClientAnswer("rain"), Ada, cancellationToken);

        AgentException other = Assert.ThrowsAsync<AgentException>(
            () => calls.AnswerAsync(call.Id, new ClientAnswer("sun"), Ada, cancellationToken))!;
        await host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        await calls.AnswerAsync(call.Id, new ClientAnswer("rain"), Ada, cancellationToken);

        Assert.That((other.Code, other.Message), Is.EqualTo((ErrorCode.RunStateForbids, other.Message)));
        Assert.That(other.Message, Does.Contain("answered by ada"));
        Assert.That(host.Model.Requests[1].Results[^1], Does.Contain("rain"));
        Assert.That(
            await host.Get<AuditLog>().ReadAsync(run.Id, 0, cancellationToken)
                .CountAsync(static entry => entry.Type == AuditTypes.CallAnswered, cancellationToken), Is.EqualTo(1));
    }

    [Test]
    public async Task Calls_OfOneTurn_AreAnsweredInAnyOrder(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(["Bern", "Rome", "Oslo"]);
        Run run = await SubmitAsync(host);
        Run waiting = await host.UntilAsync(run.Id, static run => run.Waits.Count == 3, cancellationToken);
        ClientCalls calls = host.Get<ClientCalls>();
        IReadOnlyList<ClientCall> open = await calls.ListOpenAsync(waiting, cancellationToken);

        foreach (ClientCall call in open.Reverse())
        {
            await calls.AnswerAsync(call.Id, new ClientAnswer($"{call.Call} degrees", call.Call == 1), Ada, cancellationToken);
        }

        await host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        string[] results = [.. host.Model.Requests[1].Results];
        Assert.That(open.Select(static call => call.Call), Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That(results[^3], Does.Contain("0 degrees"));
        Assert.That(results[^2], Does.Contain("Error: 1 degrees"));
        Assert.That(results[^1], Does.Contain("2 degrees"));
    }

    [Test]
    public async Task Call_ThatNobodyAnswers_ExpiresAndTakesNoAnswerAfterwards(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(null, ("Tools:ClientPatience", "00:00:00.001"));
        Run run = await SubmitAsync(host);

        Run ended = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        AgentException late = Assert.ThrowsAsync<AgentException>(
            () => host.Get<ClientCalls>().AnswerAsync($"{run.Id}/1/0", new ClientAnswer("rain"), Ada, cancellationToken))!;

        Assert.That(ended.Result!.Text, Does.Contain("outcome is unknown").And.Contain("gave no answer until"));
        Assert.That((late.Code, late.Message), Is.EqualTo((ErrorCode.RunStateForbids, late.Message)));
        Assert.That(late.Message, Does.Contain("expired"));
    }

    [Test]
    public async Task Call_OfARunThatWasCancelled_TakesNoAnswer(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync();
        Run run = await SubmitAsync(host);
        ClientCall call = await OpenAsync(host, run.Id, cancellationToken);
        await host.Steering.CancelAsync(run.Id, Ada, cancellationToken: cancellationToken);
        await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        AgentException late = Assert.ThrowsAsync<AgentException>(
            () => host.Get<ClientCalls>().AnswerAsync(call.Id, new ClientAnswer("rain"), Ada, cancellationToken))!;

        Assert.That(late.Code, Is.EqualTo(ErrorCode.RunStateForbids));
    }

    [TestCase("bob", ErrorCode.RunNotFound)]
    [TestCase("ada", ErrorCode.NotAllowed)]
    public async Task Answer_OfWhoMayNotSteerTheRun_IsRefused(string name, ErrorCode code)
    {
        await using RunHost host = await StartAsync();
        Run run = await SubmitAsync(host);
        ClientCall call = await OpenAsync(host, run.Id, CancellationToken.None);
        var caller = new Caller(name) { Roles = name == "ada" ? [] : [CallerRoles.Submitter] };

        AgentException refused = Assert.ThrowsAsync<AgentException>(
            () => host.Get<ClientCalls>().AnswerAsync(call.Id, new ClientAnswer("rain"), caller))!;

        Assert.That(refused.Code, Is.EqualTo(code));
        await host.Get<ClientCalls>().AnswerAsync(call.Id, new ClientAnswer("rain"), Ada);
        await host.Reader.WaitForEndAsync(run.Id);
    }

    [TestCase("", ErrorCode.InvalidInput)]
    [TestCase("x/1", ErrorCode.InvalidInput)]
    [TestCase("x/y/0", ErrorCode.InvalidInput)]
    [TestCase("RUN/-1/0", ErrorCode.InvalidInput)]
    [TestCase("x/1/0", ErrorCode.RunNotFound)]
    [TestCase("RUN/1/1", ErrorCode.RunStateForbids)]
    [TestCase("RUN/2/0", ErrorCode.RunStateForbids)]
    public async Task Answer_ToWhatWaitsForNone_IsRefused(string id, ErrorCode code)
    {
        await using RunHost host = await StartAsync();
        Run run = await SubmitAsync(host);
        await OpenAsync(host, run.Id, CancellationToken.None);

        AgentException refused = Assert.ThrowsAsync<AgentException>(() => host.Get<ClientCalls>().AnswerAsync(
            id.Replace("RUN", run.Id, StringComparison.Ordinal), new ClientAnswer("rain"), Ada))!;

        Assert.That(refused.Code, Is.EqualTo(code));
    }

    [TestCase("", null, "use a name")]
    [TestCase("get weather", null, "use a name")]
    [TestCase("mcp__x", null, "without __")]
    [TestCase("search_tools", null, "this host has a tool of that name")]
    [TestCase("recall", null, "this host has a tool of that name")]
    [TestCase("own", null, "this host has a tool of that name")]
    [TestCase("twice", null, "send it once")]
    [TestCase("x", """["a"]""", "JSON schema of an object")]
    [TestCase("x", """{"type":"string"}""", "JSON schema of an object")]
    [TestCase("x", """{"type":"object","properties":{"a":{"type":"blue"}}}""", "can be checked")]
    public async Task Submit_ToolThatCannotBe_IsRefusedByName(string name, string? schema, string words)
    {
        await using RunHost host = await StartAsync();
        ClientTool[] tools = [new ClientTool(name) { Schema = schema is null ? null : JsonElement.Parse(schema) },
            .. name == "twice" ? [new ClientTool(name)] : Array.Empty<ClientTool>()];

        AgentException refused = Assert.ThrowsAsync<AgentException>(
            () => host.Gateway.SubmitAsync(new RunRequest { Goal = "Reach the goal.", ClientTools = tools }, Ada))!;

        Assert.That(refused.Code, Is.EqualTo(ErrorCode.InvalidInput));
        Assert.That(refused.Message, Does.StartWith("clientTools").And.Contain(words));
    }

    [Test]
    public async Task Submit_TooManyOrTooLargeTools_IsRefused()
    {
        await using RunHost host = await StartAsync();
        ClientTool[] many = [.. Enumerable.Range(0, 65).Select(static i => new ClientTool($"tool{i}"))];
        ClientTool[] large = [new ClientTool("large") { Description = new string('x', 65 * 1024) }];

        foreach (ClientTool[] tools in (ClientTool[][])[many, large])
        {
            AgentException refused = Assert.ThrowsAsync<AgentException>(
                () => host.Gateway.SubmitAsync(new RunRequest { Goal = "Reach the goal.", ClientTools = tools }, Ada))!;
            Assert.That((refused.Code, refused.Message), Is.EqualTo((ErrorCode.InvalidInput, refused.Message)));
            Assert.That(refused.Message, Does.StartWith("clientTools: send"));
        }
    }

    [TestCase("rules: [{name: none, when: {clientTool: true}, then: deny, reason: no such tools}]", PolicyVerdict.Deny)]
    [TestCase("rules: [{name: mine, when: {clientTool: false, tool: '*'}, then: deny, reason: no}]", PolicyVerdict.Allow)]
    [TestCase("rules: [{name: other, when: {tool: deploy}, then: allow}]", PolicyVerdict.Allow)]
    [TestCase("defaults: {notIdempotent: deny}", PolicyVerdict.Deny)]
    public async Task Call_IsForThePolicyToDecide(string policy, PolicyVerdict verdict)
    {
        using var folder = new TemporaryFolder();
        await using RunHost host = await StartAsync(null, ("Governance:PolicyPath", folder.Write("policy.yaml", policy)));
        Run run = await SubmitAsync(host);
        if (verdict == PolicyVerdict.Allow)
        {
            ClientCall call = await OpenAsync(host, run.Id, CancellationToken.None);
            await host.Get<ClientCalls>().AnswerAsync(call.Id, new ClientAnswer("rain"), Ada);
        }

        Run ended = await host.Reader.WaitForEndAsync(run.Id);

        AuditEntry decided = await host.Get<AuditLog>().ReadAsync(run.Id)
            .FirstAsync(static entry => entry.Type == AuditTypes.CallDecided);
        Assert.That(decided.Verdict, Is.EqualTo(verdict));
        Assert.That(ended.Result!.Text, verdict == PolicyVerdict.Allow ? Is.EqualTo("Result: rain") : Does.Contain("Error"));
    }

    [Test]
    public async Task Call_WhoseArgumentsARuleChanges_IsShownWithTheChange(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        const string Policy = "rules: [{name: home, when: {tool: get_weather}, then: allow, set: {city: Rome}}]";
        await using RunHost host = await StartAsync(null, ("Governance:PolicyPath", folder.Write("policy.yaml", Policy)));
        Run run = await SubmitAsync(host);

        ClientCall call = await OpenAsync(host, run.Id, cancellationToken);

        Assert.That(call.Arguments.GetProperty("city").GetString(), Is.EqualTo("Rome"));
        await host.Get<ClientCalls>().AnswerAsync(call.Id, new ClientAnswer("rain"), Ada, cancellationToken);
        await host.Reader.WaitForEndAsync(run.Id, cancellationToken);
    }

    [Test]
    public async Task Submit_SameKeyWithOtherTools_IsAnotherRequest()
    {
        await using RunHost host = await StartAsync();
        var request = new RunRequest { Goal = "Reach the goal.", ClientTools = [Weather] };
        Run run = await host.Gateway.SubmitAsync(request, Ada, "key");

        Run same = await host.Gateway.SubmitAsync(request, Ada, "key");
        AgentException other = Assert.ThrowsAsync<AgentException>(
            () => host.Gateway.SubmitAsync(request with { ClientTools = null }, Ada, "key"))!;

        Assert.That(same.Id, Is.EqualTo(run.Id));
        Assert.That(other.Code, Is.EqualTo(ErrorCode.IdempotencyKeyReused));
        await host.Steering.CancelAsync(run.Id, Ada);
        await host.Reader.WaitForEndAsync(run.Id);
    }

    [Test]
    public async Task Fork_KeepsTheToolsOfTheCaller(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync();
        Run run = await SubmitAsync(host);
        ClientCall call = await OpenAsync(host, run.Id, cancellationToken);
        await host.Get<ClientCalls>().AnswerAsync(call.Id, new ClientAnswer("rain"), Ada, cancellationToken);
        await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Run fork = await host.Get<RunForking>()
            .ForkAsync(run.Id, new ForkRequest { Turn = 0 }, Ada, cancellationToken: cancellationToken);
        ClientCall again = await OpenAsync(host, fork.Id, cancellationToken);
        await host.Get<ClientCalls>().AnswerAsync(again.Id, new ClientAnswer("sun"), Ada, cancellationToken);

        Assert.That((await host.Reader.WaitForEndAsync(fork.Id, cancellationToken)).Result!.Text, Is.EqualTo("Result: sun"));
    }

    private static Task<RunHost> StartAsync(string[]? cities = null, params (string Key, string Value)[] settings) =>
        RunHost.StartAsync(
        request => request.Turn == 0
            ? new ChatReply
            {
                Calls = [.. (cities ?? ["Bern"]).Select(static city => ChatReplyCall.Of("get_weather",
                new { city }))]
            }
            : ChatReply.Say($"Result: {request.Last("tool")}"),
        [AgentTool.Create("own", "Is of this host.", ToolEffect.None, static () => "own")], null, settings);

    private static Task<Run> SubmitAsync(RunHost host) =>
        host.Gateway.SubmitAsync(new RunRequest { Goal = "Reach the goal.", ClientTools = [Weather] }, Ada);

    private static Task<ClientCall> OpenAsync(RunHost host, string runId, CancellationToken cancellationToken) =>
        Poll.ForAsync<ClientCall>(
        async () => await host.Get<ClientCalls>()
            .ListOpenAsync(await host.Reader.GetAsync(runId, cancellationToken), cancellationToken) is [var call, ..]
            ? call
            : null,
        cancellationToken);
}
