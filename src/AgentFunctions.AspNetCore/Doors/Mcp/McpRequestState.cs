using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.Runs;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>
/// What a client brings back when it calls again with the answers: the run that its call has started. It is not trusted: the run
/// must be the caller's own, and the call the same.
/// </summary>
internal static class McpRequestState
{
    private const string Mark = "run";

    /// <summary>Makes the state of a call.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="asked">What the run asks for, by its ids: another round has another state.</param>
    /// <param name="call">The call.</param>
    public static string Of(string runId, IEnumerable<string> asked, CallToolRequestParams call)
    {
        string round = HashOf(string.Join('\n', asked.Order(StringComparer.Ordinal)))[..16];
        return $"{Mark}:{runId}:{round}:{HashOf(call, round)}";
    }

    /// <summary>Reads the run of a state; <see langword="null"/> if it is not one of this door's.</summary>
    /// <exception cref="McpProtocolException">It belongs to another call.</exception>
    public static string? Read(CallToolRequestParams call) => call.RequestState?.Split(':') switch
    {
        [Mark, var id, var round, var hash] when hash == HashOf(call, round) => id,
        [Mark, ..] => throw Wrong(),
        _ => null,
    };

    /// <summary>Ensures that a run was started by the caller, for the tool's agent.</summary>
    /// <exception cref="McpProtocolException">It was not.</exception>
    public static void Ensure(Run run, bool isOwn, McpAgentTool tool)
    {
        if (!isOwn || (tool.Agent is { } agent && run.Agent != agent))
        {
            throw Wrong();
        }
    }

    private static McpProtocolException Wrong() =>
        new("requestState: it belongs to another call. Make the call without it.", McpErrorCode.InvalidParams);

    private static string HashOf(CallToolRequestParams call, string round)
    {
        StringBuilder text = new StringBuilder(round).Append('\n').Append(call.Name);
        foreach ((string name, JsonElement value) in (call.Arguments ?? new Dictionary<string, JsonElement>())
            .OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            text.Append('\n').Append(name).Append('=').Append(value.GetRawText());
        }

        return HashOf(text.ToString());
    }

    private static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
