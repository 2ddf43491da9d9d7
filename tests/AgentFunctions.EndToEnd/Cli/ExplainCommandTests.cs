using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.EndToEnd.Api;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.EndToEnd.Cli;

/// <summary><c>explain</c> says of a run in each state why it is there and what can be done, in the words of the API.</summary>
[CancelAfter(300_000)]
internal sealed class ExplainCommandTests
{
    private OpenAIProtocolServer _model = null!;
    private ApiHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _model = await OpenAIProtocolServer.StartAsync(Reply);
        _host = await ApiHost.StartAsync(_model, build: Build);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _host.DisposeAsync();
        await _model.DisposeAsync();
    }

    [TestCase("Hang.", "running", "because the model is asked, since")]
    [TestCase("Dig.", "running", "because tool dig has been at work since")]
    [TestCase("Pay.", "waiting", "waiting for approval ",
        "rule 'ask-first' (Money goes out.) wants 1 of lead to decide about pay; 0 approved",
        "what to do: agentfunctions approve ")]
    [TestCase("Ask.", "waiting", "waiting for question ", "it asks requester, approver", "Which one?",
        "what to do: agentfunctions answer ")]
    [TestCase("Break.", "waiting", "waiting for modelUnavailable (the model could not be asked), until ", "it failed ",
        "what to do: agentfunctions doctor checks the models; Models:openai:Fallback has another model answer meanwhile")]
    [TestCase("Spend.", "budgetExhausted", "because stepLimitReached: ", "what to do: grant more: agentfunctions grant ")]
    [TestCase("Refuse.", "failed", "because modelUnauthorized: ",
        "what to do: agentfunctions doctor checks the models; then agentfunctions resume ")]
    public async Task Explain_OfARun_SaysWhyAndWhatToDo(string goal, string status, params string[] words)
    {
        string id = await SubmitAsync(goal, status);

        string said = await OutputOf("explain", id);

        Assert.That(said, Does.StartWith($"run {id} is {status}: turn "));
        foreach (string expected in words)
        {
            Assert.That(said, Does.Contain(expected));
        }

        Assert.That(await OutputOf("show", id), Does.Contain(status));
    }

    [Test]
    public async Task Explain_ModelHasAFallback_SaysThatItIsTried()
    {
        await using ApiHost host = await ApiHost.StartAsync(build: static builder =>
        {
            foreach (string name in new[] { "default", "spare" })
            {
                builder.Configuration[$"Models:{name}:Provider"] = "openai";
                builder.Configuration[$"Models:{name}:Key"] = "sk-test";
                builder.Configuration[$"Models:{name}:Endpoint"] = "http://127.0.0.1:1/v1";
                builder.Configuration[$"Models:{name}:MaxRetries"] = "0";
            }

            builder.Configuration["Models:default:Fallback"] = "spare";
            builder.Services.AddOpenAIModels(builder.Configuration);
        });
        using HttpResponseMessage response = await host.Http.PostAsJsonAsync("/api/runs", new { goal = "Say." });
        string id = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        await StatusAsync(host, id, "waiting");

        string said = await OutputOf(host, "explain", id);

        Assert.That(said, Does.Contain("waiting for modelUnavailable")
            .And.Contain("agentfunctions doctor checks the models; 'spare' of Models:default:Fallback is tried too"));
        Assert.That(said, Does.Not.Contain("has another model answer"));
    }

    [Test]
    public async Task Explain_OfAPausedRun_NamesTheWayOn()
    {
        string id = await SubmitAsync("Pay.", "waiting");
        await OutputOf("pause", id);

        string said = await OutputOf("explain", id);

        Assert.That(said, Does.StartWith($"run {id} is paused: ").And.Contain("waiting for resume (a person who resumes it)").And.Contain($"what to do: agentfunctions resume {id}"));
    }

    [Test]
    public async Task Explain_OfAKilledRun_NamesTheKillSwitch()
    {
        string id = await SubmitAsync("Hang.", "running");
        await OutputOf("kill", "run", id, "--reason", "It went astray.");
        await StatusAsync(id, "cancelled");

        string said = await OutputOf("explain", id);

        Assert.That(said, Does.StartWith($"run {id} is cancelled: ").And.Contain("It went astray.").And.Contain("--release"));
    }

    [Test]
    public async Task States_OfAllRuns_AreTheWordsOfTheApi()
    {
        foreach ((string goal,
            string status) in new[] { ("Pay.", "waiting"), ("Spend.", "budgetExhausted"), ("Say.", "completed") })
        {
            await SubmitAsync(goal, status);
        }

        string[] words = [.. Enum.GetNames<RunStatus>().Select(JsonNamingPolicy.CamelCase.ConvertName)];
        string[] lines = (await OutputOf("runs")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> said = lines.Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1])
            .Distinct();

        Assert.That(said, Is.SubsetOf(words).And.SupersetOf(new[] { "waiting", "budgetExhausted", "completed" }));
        Assert.That(await OutputOf("runs", "--status", "budgetExhausted"),
            Does.Contain("budgetExhausted").And.Not.Contain("waiting"));
    }

    private static ChatReply Reply(ChatRequest request)
    {
        string said = request.Body.GetRawText();
        return said.Contains("Hang.", StringComparison.Ordinal)
            ? ChatReply.Say("never") with { Before = static token => Task.Delay(Timeout.Infinite, token) }
            : request.Turn > 0 && !said.Contains("Spend.", StringComparison.Ordinal) ? ChatReply.Say("done")
            : said.Contains("Dig.", StringComparison.Ordinal) ? ChatReply.Call("dig", new { })
            : said.Contains("Pay.", StringComparison.Ordinal) ? ChatReply.Call("pay", new { to = "x" })
            : said.Contains("Spend.", StringComparison.Ordinal) ? ChatReply.Call("look", new { })
            : said.Contains("Ask.", StringComparison.Ordinal) ? ChatReply.Call("ask_person", new { question = "Which one?" })
            : said.Contains("Break.", StringComparison.Ordinal) ? ChatReply.Error(503, "no room")
            : said.Contains("Refuse.", StringComparison.Ordinal) ? ChatReply.Error(401, "no such key")
            : ChatReply.Say("done");
    }

    private static void Build(WebApplicationBuilder builder)
    {
        string policy = Path.Combine(builder.Environment.ContentRootPath, "policy.yaml");
        File.WriteAllText(policy,
            "rules:\n  - { name: ask-first, when: { tool: pay }, then: ask, reason: Money goes out., approval: { roles: [lead] } }\n");
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Governance:PolicyPath"] = policy,
            ["Models:default:MaxRetries"] = "0",
        });
        builder.Services
            .AddAgent(Agent.Create("asker").WithInstructions("Ask.").WithTools("ask_person"))
            .AddTool(AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, static (string to) => $"paid {to}"))
            .AddTool(AgentTool.Create("look", "Looks.", ToolEffect.None, static () => "seen"))
            .AddTool(AgentTool.Create("dig", "Digs.", ToolEffect.None,
                static async (CancellationToken token) => await Task.Delay(Timeout.Infinite, token)));
    }

    private async Task<string> SubmitAsync(string goal, string status)
    {
        int? steps = goal == "Spend." ? 3 : null;
        using HttpResponseMessage response = await _host.Http.PostAsJsonAsync(
            "/api/runs", new { agent = goal == "Ask." ? "asker" : "lead", goal, budget = steps is null ? null : new { steps } },
            TestContext.CurrentContext.CancellationToken);
        string id = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        await StatusAsync(id, status);
        if (status == "running")
        {
            await Poll.UntilAsync(async () => (await EventsAsync(id)).Any(type => goal == "Dig."
                ? type == "tool.started"
                : type == "run.submitted"), TestContext.CurrentContext.CancellationToken);
        }

        return id;
    }

    private Task StatusAsync(string id, string status) => StatusAsync(_host, id, status);

    private static Task StatusAsync(ApiHost host, string id, string status) => Poll.UntilAsync(
        async () => (await host.Http.GetFromJsonAsync<JsonElement>($"/api/runs/{id}")).GetProperty("status")
            .GetString() == status,
        TestContext.CurrentContext.CancellationToken);

    private async Task<IEnumerable<string?>> EventsAsync(string id) =>
        (await _host.Http.GetFromJsonAsync<JsonElement>($"/api/runs/{id}/events?follow=false")).EnumerateArray()
            .Select(static e => e.GetProperty("type").GetString());

    private Task<string> OutputOf(params string[] arguments) => OutputOf(_host, arguments);

    private static async Task<string> OutputOf(ApiHost host, params string[] arguments)
    {
        (int exitCode, string output, string errors) = await ProgramProcess.RunAsync(
            null, Path.GetTempPath(), [.. arguments, "--server", host.Http.BaseAddress!.ToString()]);
        Assert.That(exitCode, Is.Zero, $"{string.Join(' ', arguments)}: {output}{errors}");
        return output;
    }
}
