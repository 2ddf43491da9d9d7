using System.Net.Http.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.Benchmarks.Swarm;

/// <summary>
/// Asks the model what a swarm asks, before the host does: a model's server has been up for a while, and what it would compile in
/// the first swarm would take the processors of the host.
/// </summary>
/// <param name="endpoint">The address of the model, up to and including <c>/v1</c>.</param>
/// <param name="isStreamed">Whether answers are streamed.</param>
internal sealed class SwarmModelWarmUp(string endpoint, bool isStreamed) : IDisposable
{
    private const int Concurrent = 64;

    private static readonly object[] Tools =
    [
        new
        {
            type = "function",
            function = new
            {
                name = "work",
                description = "Works.",
                parameters = new { type = "object", properties = new { turn = new { type = "integer" } } },
            },
        },
    ];

    private readonly HttpClient _client = new();

    /// <summary>Has a conversation many times, many at once.</summary>
    /// <param name="times">How often.</param>
    /// <param name="instructions">The system message.</param>
    /// <param name="goal">The user's message.</param>
    /// <param name="answer">What the model answers in a turn, from 0.</param>
    public Task TalkAsync(int times, string instructions, string goal, Func<int, ChatReply> answer) => Parallel.ForAsync(
        0, times, new ParallelOptions { MaxDegreeOfParallelism = Concurrent },
        async (_, token) =>
        {
            List<object> messages = [new { role = "system", content = instructions }, new { role = "user", content = goal }];
            await AskAsync(messages, token);
            for (int turn = 0; answer(turn).Calls is { Count: > 0 } calls; turn++)
            {
                messages.Add(Message(calls));
                messages.AddRange(calls.Select(static call => new { role = "tool", tool_call_id = call.Id, content = "done" }));
                await AskAsync(messages, token);
            }
        });

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task AskAsync(List<object> messages, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _client.PostAsJsonAsync(
            $"{endpoint}/chat/completions",
            new { model = "scripted", messages, tools = Tools, stream = isStreamed },
            cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    private static object Message(IReadOnlyList<ChatReplyCall> calls) => new
    {
        role = "assistant",
        content = (string?)null,
        tool_calls = calls.Select(static call =>
            new { id = call.Id, type = "function", function = new { name = call.Name, arguments = call.Arguments } }),
    };
}
