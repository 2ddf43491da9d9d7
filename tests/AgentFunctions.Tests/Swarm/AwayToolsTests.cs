using AgentFunctions.Agents;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

/// <summary>A tool server is away while a lead that has its tools makes a sub-agent.</summary>
[CancelAfter(300_000)]
internal sealed class AwayToolsTests
{
    private const string Look = "mcp__odd__look";

    [Test]
    public async Task SubAgents_ServerAwayWhenTheFirstIsMade_GetItsToolsWhenItIsBack(CancellationToken cancellationToken)
    {
        var source = new Source();
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddSingleton<IToolSource>(source).ConfigureSwarm(static _ => { })
                .AddAgent(Agent.Create("reader").WithInstructions("Read.").WithTools("echo", Look).Build()),
            request => IsLead(request) ? Lead(request, source) : Child(request, source),
            [Echo],
            static agent => agent.WithInstructions(LeadInstructions).WithDelegation(Delegation.Native));

        Run run = await host.RunAsync(Goal, new() { Agent = "worker" });

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        ChatRequest[] early = [.. host.Model.Requests.Where(static request => GoalOf(request) == "Read early")];
        ChatRequest[] later = [.. host.Model.Requests.Where(static request => GoalOf(request) == "Read later")];
        Assert.That(early[0].Tools, Has.None.EqualTo(Look));
        Assert.That(early[^1].Tools, Does.Contain(Look), "it gets them when they come");
        Assert.That(later[0].Tools, Does.Contain(Look), "those that are made later have them from the start");
        RunRecord[] children = await host.Get<RunStore>().ListDescendantsAsync(run.Id, cancellationToken)
            .ToArrayAsync(cancellationToken);
        RunRecord first = children.Single(static child => child.Goal == "Read early");
        Assert.That(
            first.Notes,
            Has.Some.Contains("starts without the tools of mcp__odd: It does not answer. It is told when they come."));
        RunRecord whole = children.Single(static child => child.Goal == "Read later");
        Assert.That((whole.Notes, whole.AwaitedTools), Is.EqualTo(((IReadOnlyList<string>?)null, (AwaitedTools?)null)));
        Assert.That(
            (await host.TranscriptAsync(first.Id)).Where(static entry => entry.Origin == TranscriptOrigin.Host)
                .Select(static entry => entry.Message.Text),
            Has.Some.Contains("Not available at present: the tools of mcp__odd"));
    }

    private static ChatReply Lead(ChatRequest request, Source source)
    {
        source.IsAway |= request.Turn == 0;
        return request.Turn switch
        {
            0 => Spawn("early"),
            2 => Spawn("later"),
            1 or 3 => ChatReply.Call("wait", new { }),
            _ => ChatReply.Say("Done."),
        };
    }

    private static ChatReply Child(ChatRequest request, Source source)
    {
        source.IsAway = false;
        return request.Turn == 0 ? ChatReply.Call("echo", new { text = "x" }) : ChatReply.Say("read");
    }

    private static ChatReply Spawn(string item) =>
        ChatReply.Call("spawn", new { items = new[] { item }, template = "Read {item}", agent = "reader" });

    /// <summary>The one tool of a server that may be away.</summary>
    private sealed class Source : IToolSource
    {
        private readonly AgentTool _tool = new(AgentTool.CreateFunction(Look, "Looks.", static () => "seen"), ToolEffect.None)
        {
            Group = "mcp__odd",
        };

        public bool IsAway { get; set; }

        public Task<IReadOnlyList<AgentTool>> ListAsync(AgentDefinition agent, CancellationToken cancellationToken) => IsAway
            ? throw new AgentException(ErrorCode.ToolUnavailable, "It does not answer.")
            : Task.FromResult<IReadOnlyList<AgentTool>>([_tool]);

        public Task<ToolOffer> OfferAsync(AgentDefinition agent, TimeSpan patience, CancellationToken cancellationToken) =>
            Task.FromResult(IsAway
                ? new ToolOffer([]) { Missing = [new MissingTools("mcp__odd", "It does not answer.")] }
                : new ToolOffer([_tool]));
    }
}
