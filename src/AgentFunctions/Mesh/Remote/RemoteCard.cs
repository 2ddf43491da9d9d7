using System.Text.Json.Nodes;
using AgentFunctions.Core.Text;

namespace AgentFunctions.Mesh.Remote;

/// <summary>What is used of the card of another host's agent.</summary>
/// <param name="Address">Where its methods are called, in the binding to JSON-RPC.</param>
/// <param name="Words">What it says of itself, in words.</param>
/// <param name="TakesRepeats">Whether a message that is sent twice starts one task.</param>
/// <param name="Tells">Whether it tells an address of what becomes of a task.</param>
internal sealed record RemoteCard(Uri Address, string Words, bool TakesRepeats, bool Tells)
{
    /// <summary>The extension by which a host says that it takes a message once, however often it is sent.</summary>
    public const string IdempotentSend = "urn:agentfunctions:idempotent-send:v1";

    private const int MostWords = 2_000;

    /// <summary>Reads a card.</summary>
    /// <param name="card">The card.</param>
    /// <param name="source">Where it was found: it may send callers to no other host.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolUnavailable"/>: it cannot be used; the message says why.
    /// </exception>
    public static RemoteCard Read(JsonObject card, Uri source)
    {
        JsonObject[] interfaces = [.. (card["supportedInterfaces"] as JsonArray ?? []).OfType<JsonObject>()];
        JsonObject spoken = interfaces.FirstOrDefault(static one =>
                Text(one, "protocolBinding") == "JSONRPC" && Text(one, "protocolVersion") is "1" or ['1', '.', ..])
            ?? throw Unusable("its card offers no JSON-RPC interface of A2A 1.0");
        if (!Uri.TryCreate(Text(spoken, "url"), UriKind.Absolute, out Uri? address))
        {
            throw Unusable("the address in its card is none");
        }

        if (Uri.Compare(address, source, UriComponents.SchemeAndServer, UriFormat.UriEscaped,
            StringComparison.OrdinalIgnoreCase) != 0)
        {
            throw Unusable($"its card sends callers to {address.Authority}, which is another host");
        }

        var capabilities = card["capabilities"] as JsonObject;
        IEnumerable<JsonObject> extensions = (capabilities?["extensions"] as JsonArray ?? []).OfType<JsonObject>();
        return new RemoteCard(
            address, WordsOf(card), extensions.Any(static one => Text(one, "uri") == IdempotentSend),
            capabilities?["pushNotifications"] is JsonValue told && told.TryGetValue(out bool tells) && tells);
    }

    private static AgentException Unusable(string why) => new(ErrorCode.ToolUnavailable, $"The agent cannot be called: {why}.");

    private static string WordsOf(JsonObject card)
    {
        IEnumerable<string> skills = (card["skills"] as JsonArray ?? []).OfType<JsonObject>()
            .Select(static skill => $"{Text(skill, "name")}: {Text(skill, "description")}");
        return TextCut.Shorten(string.Join("; ", skills.Prepend(Text(card, "description") ?? "").Distinct()), MostWords);
    }

    private static string? Text(JsonObject from, string name) =>
        from[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
