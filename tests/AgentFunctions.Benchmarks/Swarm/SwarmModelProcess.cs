using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using AgentFunctions.TestKit;

namespace AgentFunctions.Benchmarks.Swarm;

/// <summary>The model of the swarm, in a process of its own: what it takes is not the host's.</summary>
internal static class SwarmModelProcess
{
    /// <summary>The argument that starts it.</summary>
    public const string Verb = "swarm-model-process";

    /// <summary>What tells the lead's requests from its sub-agents'.</summary>
    public const string LeadInstructions = "You lead.";

    private static readonly string LongText = string.Concat(Enumerable.Repeat("what was found ", 10));

    public static async Task<int> RunAsync(SwarmArguments arguments)
    {
        int latency = 0;
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(request =>
        {
            ChatReply reply;
            if (request.Body.GetProperty("messages")[0].GetProperty("content").ToString()
                .Contains(LeadInstructions, StringComparison.Ordinal))
            {
                (int children, int asked) = GoalOf(request);
                Volatile.Write(ref latency, asked);
                reply = Lead(request.Turn, children);
            }
            else
            {
                reply = Child(request.Turn, arguments.Turns);
            }

            var wait = TimeSpan.FromMilliseconds(Volatile.Read(ref latency));
            return wait == TimeSpan.Zero ? reply : reply with { Before = token => Task.Delay(wait, token) };
        });
        server.Record = false;
        await WarmUpAsync(server.BaseUrl, arguments);
        Console.WriteLine(server.BaseUrl);

        // Until the benchmark goes away.
        await Console.In.ReadToEndAsync();
        return 0;
    }

    /// <summary>Starts it; its address is the first line that it writes, when it is warm.</summary>
    public static Process Start(SwarmArguments arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "AgentFunctions.Benchmarks");
        string[] args = [Verb, "--children", Text(arguments.Children), "--turns", Text(arguments.Turns)];
        if (arguments.Stream)
        {
            args = [.. args, "--stream"];
        }

        return Process.Start(new ProcessStartInfo(program,
            args)
        { RedirectStandardOutput = true, RedirectStandardInput = true })!;
    }

    /// <summary>The lead's goal.</summary>
    /// <param name="children">How many sub-agents it shall have.</param>
    /// <param name="latency">How long the model takes for each of the swarm's answers, in milliseconds.</param>
    public static string GoalFor(int children, int latency) => $"Have the parts read: {Text(children)} at {Text(latency)}";

    private static async Task WarmUpAsync(string endpoint, SwarmArguments arguments)
    {
        using var warmUp = new SwarmModelWarmUp(endpoint, arguments.Stream);
        // Until a round brings hardly anything to compile: what is used often is compiled again, in the background, twice.
        long compiled = 0;
        for (int round = 0; round < 20 && JitInfo.GetCompiledMethodCount() - compiled > 20; round++)
        {
            compiled = JitInfo.GetCompiledMethodCount();
            await warmUp.TalkAsync(
                10, LeadInstructions, GoalFor(arguments.Children, latency: 0), turn => Lead(turn, arguments.Children));
            await warmUp.TalkAsync(
                2000 / (arguments.Turns + 1), "You read.", "Read part 1.", turn => Child(turn, arguments.Turns));
            // What was used often is given to the compiler a tenth of a second later.
            await Task.Delay(300);
        }
    }

    private static (int Children, int Latency) GoalOf(ChatRequest request)
    {
        string[] numbers = request.Body.GetProperty("messages")[1].GetProperty("content").ToString()
            .Split(": ")[^1].Split(" at ");
        return (Number(numbers[0]), Number(numbers[1]));
    }

    private static ChatReply Lead(int turn, int children) => turn switch
    {
        0 => ChatReply.Call("create_subagent", new { name = "reader", system_prompt = "You read." }),
        1 => new ChatReply
        {
            Calls = [.. Enumerable.Range(0, children).Select(static number => ChatReplyCall.Of("assign_task",
                new { agent = "reader", prompt = $"Read part {number}." }))],
        },
        _ => ChatReply.Say("All parts were read."),
    };

    private static ChatReply Child(int turn, int turns) => turn < turns
        ? ChatReply.Call("work", new { turn })
        : ChatReply.Say(LongText);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
