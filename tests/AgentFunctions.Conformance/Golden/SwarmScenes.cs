using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Conformance.Golden;

/// <summary>
/// Trees of runs whose histories are kept: every way in which a lead starts, steers, awaits and ends sub-agents.
/// </summary>
public static class SwarmScenes
{
    private const string Goal = "Reach the goal.";

    /// <summary>The scenes.</summary>
    public static IReadOnlyList<Scene> All { get; } =
    [
        // One answers, one fails, one passes its steps; two at a time.
        new("kimi", Delegation.Kimi, static request => Kimi(request, "answer", "fail",
            "endless"), Child) { Kept = [".2-0", ".2-1", ".2-2"], Concurrent = 2 },
        // Budgets, weights, priorities, a message, a grant, a cancellation, waits of both kinds, and a reduction of two levels.
        new("native", Delegation.Native, Native, Child) { Kept = [".1-0-0", ".1-1-0", ".1-1-1", ".6-0-0"], Concurrent = 4 },
        // Two levels of sub-agents.
        new("nested", Delegation.Native, Nest, Nest) { Kept = [".1-0-0", ".1-0-0.1-0-0"], Concurrent = 4 },
        // So many that the lead continues as new with some at work and some that wait for their turn.
        new("continued", Delegation.Kimi, static request => Kimi(request,
            [.. Enumerable.Range(0, 45).Select(static part => $"answer {part}")]), Child) { Concurrent = 4 },
        new("cancelled", Delegation.Kimi, static request => Kimi(request, "hang 1", "hang 2",
            "hang 3"), Child) { Kept = [".2-0"], Concurrent = 2, CancelAt = 2 },
    ];

    /// <summary>Plays a scene to its end.</summary>
    internal static async Task<Played> PlayAsync(Scene scene, CancellationToken cancellationToken)
    {
        var hanging = new SemaphoreSlim(0);
        OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request =>
        {
            ChatReply reply = GoalOf(request) == Goal ? scene.Lead(request) : scene.Child(request);
            return !GoalOf(request).StartsWith("hang", StringComparison.Ordinal) ? reply : reply with
            {
                Before = token =>
                {
                    hanging.Release();
                    return Task.Delay(Timeout.Infinite, token);
                },
            };
        });
        IHost host = Build(model.BaseUrl, scene);
        await host.StartAsync(cancellationToken);
        Run run = await host.Services.GetRequiredService<AgentGateway>().SubmitAsync(
            new RunRequest { Goal = Goal, Budget = new Budget { Steps = 2_000, Tokens = 5_000_000 } },
            cancellationToken: cancellationToken);
        for (int asked = 0; asked < scene.CancelAt; asked++)
        {
            await hanging.WaitAsync(cancellationToken);
        }

        if (scene.CancelAt > 0)
        {
            await host.Services.GetRequiredService<RunSteering>().CancelAsync(run.Id, cancellationToken: cancellationToken);
        }

        run = await host.Services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id, cancellationToken);
        Assert.That(run.Status, Is.EqualTo(scene.CancelAt > 0 ? RunStatus.Cancelled : RunStatus.Completed), run.Error?.Message);
        return new Played(
            host, model, [("lead", run.Id), .. scene.Kept.Select(child => ($"child{child.Replace('.', '_')}", run.Id + child))]);
    }

    /// <summary>The host of a scene.</summary>
    internal static IHost Build(string endpoint, Scene scene)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Models:test:Provider"] = "openai",
            ["Models:test:Endpoint"] = endpoint,
            ["Models:test:Key"] = "sk-test",
            ["Models:test:Model"] = "scripted",
        });
        builder.Services
            .AddAgentFunctions(builder.Configuration)
            .AddOpenAIModels(builder.Configuration).AddMcpServers().AddMonitors()
            .AddSqliteEngine(static options => options.DataFile = SqliteEngineOptions.InMemory)
            .ConfigureSwarm(options => (options.MaxConcurrent, options.MaxSteps) = (scene.Concurrent, 9))
            .AddTool(AgentTool.Create("echo", "Repeats a text.", ToolEffect.None, static (string text) => text))
            .AddAgent(Agent.Create("lead").WithInstructions("You lead.").WithTools("echo").WithDelegation(scene.Delegation)
                .Build());
        return builder.Build();
    }

    private static ChatReply Kimi(ChatRequest request, params string[] prompts) => request.Turn switch
    {
        0 => ChatReply.Call("create_subagent", new { name = "reader", system_prompt = "You read." }),
        1 => new ChatReply
        {
            Calls = [.. prompts.Select(static prompt => ChatReplyCall.Of("assign_task",
            new { agent = "reader", prompt }))]
        },
        _ => ChatReply.Say("done"),
    };

    private static ChatReply Native(ChatRequest request) => request.Turn switch
    {
        0 => new ChatReply
        {
            Calls =
            [
                ChatReplyCall.Of("spawn",
                    new { items = new[] { "hang here" }, template = "{item}", weight = 3, budget = new { steps = 5 } }),
                ChatReplyCall.Of("spawn",
                    new { items = Enumerable.Range(0, 12).Select(static item => $"{item}"), template = "answer {item}",
                        priority = "low" }),
                ChatReplyCall.Of("spawn", new { items = Enumerable.Repeat("x", 10_000), template = "too many" }),
            ],
        },
        1 => ChatReply.Call("wait", new { count = 12 }),
        2 => new ChatReply
        {
            Calls =
            [
                ChatReplyCall.Of("message", new { sub_agent = "1-0-0", text = "Hurry up." }),
                ChatReplyCall.Of("grant", new { sub_agent = "1-0-0", budget = new { steps = 3 } }),
                ChatReplyCall.Of("grant", new { sub_agent = "1-0-0", budget = new { steps = 30_000 } }),
            ],
        },
        3 => ChatReply.Call("wait", new { minutes = 0.001 }),
        4 => ChatReply.Call("cancel", new { sub_agent = "1-0-0", reason = "not needed" }),
        5 => ChatReply.Call("reduce", new { instructions = "answer with the sum" }),
        6 => ChatReply.Call("results", new { limit = 2 }),
        _ => ChatReply.Say("done"),
    };

    private static ChatReply Nest(ChatRequest request) => request.Turn switch
    {
        0 when request.Tools.Contains("spawn") =>
            ChatReply.Call("spawn", new { items = new[] { "left", "right" }, template = $"{GoalOf(request)} {{item}}" }),
        1 when request.Tools.Contains("wait") => ChatReply.Call("wait", new { }),
        _ => ChatReply.Say("handed on"),
    };

    private static ChatReply Child(ChatRequest request) => GoalOf(request).Split(' ')[0] switch
    {
        "fail" => ChatReply.Error(401, "no such key", "invalid_api_key"),
        "endless" => request.Tools.Count == 0 ? ChatReply.Say("got so far") : ChatReply.Call("echo", new { text = "on" }),
        _ => request.Turn == 0 && request.Tools.Contains("echo")
            ? ChatReply.Call("echo", new { text = "x" })
            : ChatReply.Say($"result of {GoalOf(request).Split('\n')[0]}"),
    };

    private static string GoalOf(ChatRequest request) =>
        request.Messages[1].GetProperty("content").ToString().Replace("# Goal\n", "", StringComparison.Ordinal);

    /// <summary>A tree of runs.</summary>
    /// <param name="Name">The first part of its files' names.</param>
    /// <param name="Delegation">By which tools the lead delegates.</param>
    /// <param name="Lead">The lead's answers.</param>
    /// <param name="Child">The sub-agents' answers.</param>
    public sealed record Scene(string Name, Delegation Delegation, Func<ChatRequest, ChatReply> Lead,
        Func<ChatRequest, ChatReply> Child)
    {
        /// <summary>The sub-agents whose histories are kept, by what their run ids have behind the lead's.</summary>
        public IReadOnlyList<string> Kept { get; init; } = [];

        /// <summary>How many may be at work at a time.</summary>
        public int Concurrent { get; init; }

        /// <summary>The run is cancelled when so many sub-agents hang; 0 for never.</summary>
        public int CancelAt { get; init; }

        /// <inheritdoc/>
        public override string ToString() => Name;
    }

    /// <summary>A scene that was played.</summary>
    internal sealed class Played(IHost host, OpenAIProtocolServer model,
        IReadOnlyList<(string Name, string Id)> runs) : IAsyncDisposable
    {
        /// <summary>The runs to keep.</summary>
        public IReadOnlyList<(string Name, string Id)> Runs { get; } = runs;

        public IOrchestrationClient Client { get; } = host.Services.GetRequiredService<IOrchestrationClient>();

        public async ValueTask DisposeAsync()
        {
            await host.StopAsync();
            host.Dispose();
            await model.DisposeAsync();
        }
    }
}
