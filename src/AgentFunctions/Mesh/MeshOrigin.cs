using System.Text.Json.Nodes;
using AgentFunctions.Budgets;

namespace AgentFunctions.Mesh;

/// <summary>
/// Represents what a host of the mesh tells the next one with a message: through which hosts the work came, and what it may cost.
/// It grants nothing: hosts use it only to refuse.
/// </summary>
/// <param name="Via">The ids of the hosts, the first first.</param>
/// <param name="Budget">What the work may cost; <see langword="null"/> for no bound.</param>
public sealed record MeshOrigin(IReadOnlyList<string> Via, Budget? Budget)
{
    /// <summary>The extension of the Agent2Agent protocol, under which it stands in a message's metadata.</summary>
    public const string Extension = "urn:agentfunctions:mesh:v1";

    private const int MostHosts = 32;

    /// <summary>Reads it from the metadata of a message; one that makes no sense counts as none.</summary>
    /// <param name="metadata">The metadata; <see langword="null"/> for none.</param>
    public static MeshOrigin? Read(JsonObject? metadata)
    {
        if (metadata?[Extension] is not JsonObject told)
        {
            return null;
        }

        string[] via = [.. (told["via"] as JsonArray ?? []).OfType<JsonValue>().Select(static one => one.ToString())
            .Take(MostHosts)];
        var budget = told["budget"] as JsonObject;
        return new MeshOrigin(via, budget is null ? null : new Budget
        {
            Steps = Number(budget, "steps") is { } steps ? (int)Math.Clamp(steps, 1, int.MaxValue) : null,
            Tokens = Number(budget, "tokens") is { } tokens ? (long)Math.Clamp(tokens, 1, long.MaxValue) : null,
            Usd = Number(budget, "usd") is { } usd and > 0 ? usd : null,
            WallClock = Number(budget, "seconds") is { } seconds and >= 1 and < 31_536_000
                ? TimeSpan.FromSeconds((double)seconds)
                : null,
        });
    }

    /// <summary>Writes it as the metadata of a message.</summary>
    public JsonObject Write()
    {
        var told = new JsonObject { ["via"] = new JsonArray([.. Via.Select(static host => (JsonNode)host)]) };
        if (Budget is { } budget)
        {
            var left = new JsonObject();
            Add(left, "steps", budget.Steps);
            Add(left, "tokens", budget.Tokens);
            Add(left, "usd", budget.Usd);
            Add(left, "seconds", (decimal?)budget.WallClock?.TotalSeconds);
            told["budget"] = left;
        }

        return new JsonObject { [Extension] = told };
    }

    private static void Add(JsonObject to, string name, decimal? value)
    {
        if (value is not null)
        {
            to[name] = value;
        }
    }

    private static decimal? Number(JsonObject from, string name) =>
        from[name] is JsonValue value && value.TryGetValue(out decimal number) ? number : null;
}
