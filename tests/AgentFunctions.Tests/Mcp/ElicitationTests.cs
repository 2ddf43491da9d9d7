using System.Text.Json;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Ledger;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Mcp;

/// <summary>A tool server asks for input within a call: people are asked, and the server gets what they say. Needs Node.js and nothing from npm.</summary>
[TestFixture]
[CancelAfter(300_000)]
internal sealed class ElicitationTests
{
    private static readonly Caller Bo = new("user:bo") { Roles = ["approver"] };

    [Test]
    public async Task InputRequired_AnsweredAfterARestart_IsCalledAgainWithAnswerAndState(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync("newest", "asks");
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);

        await host.RestartAsync();
        await host.Get<QuestionService>().AnswerAsync(asked.Id, Bo, JsonElement.Parse("""{"name":"Bo"}"""), cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That((asked.Server, asked.Text, asked.Tool), Is.EqualTo(("odd", "Who?", "mcp__odd__asks")));
        Assert.That(run.Result?.Text, Does.Contain("the answer was accept Bo s"));
        Assert.That((await host.Get<CallLedger>().FindAsync(run.Id, 1, 0, cancellationToken))!.QuestionIds, Is.EqualTo(new[] { asked.Id }));
    }

    [Test]
    public async Task InputRequired_Declined_TellsTheServer(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync("newest", "asks");
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);
        await host.Get<QuestionService>().DeclineAsync(asked.Id, Bo, "no", cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain("the answer was decline"));
    }

    [Test]
    public async Task AskedInside_AnsweredSoon_GoesOnWithinTheCall(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync("error", "asks_inside");
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);
        await host.Get<QuestionService>().AnswerAsync(asked.Id, Bo, JsonElement.Parse("""{"name":"Bo"}"""), cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(asked.IsAwaited, Is.False, "the server's call is open; the answer serves the next call too");
        Assert.That(run.Result?.Text, Does.Contain("the answer was accept"));
    }

    private static async Task<Question> PendingAsync(RunHost host, string runId, CancellationToken cancellationToken)
    {
        return await Poll.ForAsync(
            async () =>
            {
                Question? asked = (await host.Get<QuestionService>().ListPendingAsync(null, cancellationToken)).FirstOrDefault(question => question.RunId == runId);
                Run run = await host.Reader.GetAsync(runId, cancellationToken);
                Assert.That(run.IsEnded, Is.False, run.Result?.Text);
                return asked is not null && (!asked.IsAwaited || run.Status == RunStatus.Waiting) ? asked : null;
            },
            cancellationToken);
    }

    private static Task<RunHost> StartAsync(string how, string tool)
    {
        string script = Path.Combine(AppContext.BaseDirectory, "node", "odd-server.mjs");
        var definition = new { mcpServers = new { odd = new { command = "node", args = new[] { script, how } } } };
        return RunHost.StartAsync(
            services => services.AddMcpServer(McpConfiguration.Parse(JsonSerializer.Serialize(definition), ".mcp.json").Servers[0]),
            request => request.Turn == 0 ? ChatReply.Call($"mcp__odd__{tool}", new { }) : ChatReply.Say(request.Results[^1]));
    }
}
