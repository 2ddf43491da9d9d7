using System.Text.Json;

namespace AgentFunctions.TestKit;

/// <summary>What <see cref="OpenAIProtocolServer"/> answers to one request.</summary>
public sealed record ChatReply
{
    /// <summary>The text; <see langword="null"/> for none.</summary>
    public string? Text { get; init; }

    /// <summary>The tools that are called.</summary>
    public IReadOnlyList<ChatReplyCall> Calls { get; init; } = [];

    /// <summary>The <c>reasoning_content</c>; <see langword="null"/> for none.</summary>
    public string? Reasoning { get; init; }

    /// <summary>The refusal; <see langword="null"/> for none.</summary>
    public string? Refusal { get; init; }

    /// <summary>The reason of the end; by default <c>tool_calls</c> or <c>stop</c>.</summary>
    public string? FinishReason { get; init; }

    /// <summary>The usage.</summary>
    public ChatReplyUsage Usage { get; init; } = new();

    /// <summary>The status; 200 by default. Any other is sent with <see cref="RawBody"/>.</summary>
    public int Status { get; init; } = 200;

    /// <summary>Further headers.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>A body to send as it is, in place of all the above.</summary>
    public string? RawBody { get; init; }

    /// <summary>The type of <see cref="RawBody"/>.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>Awaited before the answer begins; the token ends with the connection.</summary>
    public Func<CancellationToken, Task>? Before { get; init; }

    /// <summary>Awaited before each chunk of a stream after the first.</summary>
    public Func<CancellationToken, Task>? BetweenChunks { get; init; }

    /// <summary>
    /// Ends the stream after so many chunks as if it were whole, without a reason of the end and without <c>[DONE]</c>.
    /// </summary>
    public int? EndAfterChunks { get; init; }

    /// <summary>Resets the connection after so many chunks; 0 before any byte of the answer.</summary>
    public int? AbortAfterChunks { get; init; }

    /// <summary>An answer in words.</summary>
    /// <param name="text">The words.</param>
    public static ChatReply Say(string text) => new() { Text = text };

    /// <summary>An answer that calls one tool.</summary>
    /// <param name="name">The tool.</param>
    /// <param name="arguments">The arguments, serialised as JSON unless they are a string.</param>
    /// <param name="id">The id of the call; by default a new one.</param>
    public static ChatReply Call(string name, object arguments, string? id = null) =>
        new() { Calls = [ChatReplyCall.Of(name, arguments, id)] };

    /// <summary>An error as OpenAI words it.</summary>
    /// <param name="status">The status.</param>
    /// <param name="message">The message.</param>
    /// <param name="code">The code.</param>
    /// <param name="headers">Further headers.</param>
    public static ChatReply Error(int status, string message, string? code = null,
        params (string Name, string Value)[] headers) => new()
        {
            Status = status,
            RawBody = JsonSerializer.Serialize(new { error = new { message, type = "error", param = (string?)null, code } }),
            Headers = headers.ToDictionary(static header => header.Name, static header => header.Value),
        };
}

/// <summary>A call of a tool.</summary>
/// <param name="Id">The id.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">The arguments, as the text that is sent.</param>
public sealed record ChatReplyCall(string Id, string Name, string Arguments)
{
    private static int count;

    /// <summary>Makes a call.</summary>
    /// <param name="name">The tool.</param>
    /// <param name="arguments">The arguments, serialised as JSON unless they are a string.</param>
    /// <param name="id">The id of the call; by default a new one.</param>
    public static ChatReplyCall Of(string name, object arguments, string? id = null) => new(
        id ?? $"call_{Interlocked.Increment(ref count)}", name, arguments as string ?? JsonSerializer.Serialize(arguments));
}

/// <summary>The usage of an answer.</summary>
/// <param name="Input">Input tokens.</param>
/// <param name="Output">Output tokens.</param>
/// <param name="Cached">Input tokens that were cached.</param>
/// <param name="Reasoning">Output tokens that were reasoning.</param>
public sealed record ChatReplyUsage(int Input = 10, int Output = 5, int Cached = 0, int Reasoning = 0);
