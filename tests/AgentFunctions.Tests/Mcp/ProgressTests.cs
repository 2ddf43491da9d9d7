using System.Text.Json;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools.Servers;
using AgentFunctions.Views.Live;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Mcp;

/// <summary>A tool server says how far a call is: whoever follows the run sees it. Needs Node.js and nothing from npm.</summary>
[TestFixture]
[CancelAfter(300_000)]
internal sealed class ProgressTests
{
    private const string Secret = "tango-uniform-november-7";

    [Test]
    public async Task Progress_OfACallUnderWay_IsShownWithoutSecretsAndRecordedNowhere(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        string until = Path.Combine(folder.Path, "go");
        string program = Path.Combine(AppContext.BaseDirectory, "node", "odd-server.mjs");
        var definition = new { mcpServers = new { odd = new { command = "node", args = new[] { program, "newest" } } } };
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddMcpServer(McpConfiguration.Parse(JsonSerializer.Serialize(definition),
                ".mcp.json").Servers[0]),
            request => request.Turn == 0
                ? ChatReply.Call("mcp__odd__progresses", new { message = $"copying {Secret}", until })
                : ChatReply.Say(request.Results[^1]));
        host.Get<Redactor>().Add("one", Secret);
        Run run = await host.SubmitAsync();

        List<ToolProgressed> said = [];
        List<JournalEvent> events = [];
        await foreach (RunSignal signal in host.Get<LiveFeed>().FollowAsync(run.Id, cancellationToken: cancellationToken))
        {
            switch (signal)
            {
                case ToolProgressed progress:
                    said.Add(progress);
                    await File.WriteAllTextAsync(until, "", cancellationToken);
                    break;
                case JournalSignal recorded:
                    events.Add(recorded.Event);
                    break;
            }
        }

        Assert.That(said, Is.EqualTo(new[] { new ToolProgressed(1, 0, "mcp__odd__progresses", "3 of 9: copying [secret:one]") }));
        Assert.That(events.Select(static e => e.Text ?? ""), Has.None.Contains("3 of 9"));
        Assert.That(events[^1].Type, Is.EqualTo(JournalEventTypes.RunEnded));
    }
}
