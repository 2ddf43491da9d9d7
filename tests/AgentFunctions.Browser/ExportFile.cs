using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentFunctions.Browser;

/// <summary>
/// An exported run made large: what a real run left, once for each turn of a long run and once for each of many sub-agents,
/// signed by a key of the test. <c>agentfunctions inspect</c> puts it into a real store and serves it.
/// </summary>
internal static class ExportFile
{
    private const int Turns = 10_000;

    /// <summary>The runs below the long one; with it they are 10,000.</summary>
    private const int SubAgents = 9_999;

    public const int FailedRuns = 12;

    private static readonly TimeSpan s_turn = TimeSpan.FromSeconds(25);

    /// <summary>Writes the file.</summary>
    /// <param name="source">The export of a run of one turn.</param>
    /// <param name="path">The file to write.</param>
    public static async Task MultiplyAsync(string source, string path)
    {
        Dictionary<string, byte[]> parts = await ReadAsync(source);
        var manifest = JsonNode.Parse(parts["manifest.json"])!;
        string run = manifest["run"]!.GetValue<string>();
        JsonObject record = JsonNode.Parse(parts[$"runs/{run}/record.json"])!.AsObject();
        JsonObject state = JsonNode.Parse(parts[$"runs/{run}/state.json"])!.AsObject();
        DateTimeOffset begin = record["createdAt"]!.GetValue<DateTimeOffset>() - (s_turn * Turns);
        var made = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach ((string name,
            byte[] bytes) in parts.Where(static part => part.Key.StartsWith("content/", StringComparison.Ordinal)))
        {
            made[name] = bytes;
        }

        record["createdAt"] = begin;
        made[$"runs/{run}/record.json"] = Bytes(record);
        var outcome = JsonNode.Parse(state["output"]!.GetValue<string>())!.AsObject();
        outcome["state"]!["turns"] = Turns;
        JsonObject ended = state.DeepClone().AsObject();
        ended["output"] = outcome.ToJsonString();
        made[$"runs/{run}/state.json"] = Bytes(ended);
        made[$"runs/{run}/journals.ndjson"] = Lines(Journal(Events(parts, run, "journals"), begin));
        made[$"runs/{run}/transcripts.ndjson"] = Lines(Transcript(Events(parts, run, "transcripts"), begin));
        for (int i = 1; i <= SubAgents; i++)
        {
            AddSubAgent(made, record, state, run, i, begin);
        }

        await WriteAsync(path, run, made);
    }

    private static IEnumerable<JsonObject> Journal(JsonObject[] events, DateTimeOffset begin)
    {
        JsonObject said = Find(events, "model.completed");
        JsonObject started = Find(events, "tool.started");
        JsonObject completed = Find(events, "tool.completed");
        yield return With(Find(events, "run.submitted"), 0, begin);
        for (int turn = 1; turn <= Turns; turn++)
        {
            DateTimeOffset at = begin + (s_turn * turn);
            JsonObject spoke = With(said, turn, at);
            spoke["text"] = $"I looked at one more part, and this is finding {turn}.";
            spoke["durationMs"] = 12_000;
            yield return spoke;
            if (turn % 4 == 0)
            {
                yield return With(started, turn, at.AddSeconds(1));
                JsonObject done = With(completed, turn, at.AddSeconds(6));
                done["durationMs"] = 5_000;
                yield return done;
            }
        }

        yield return With(Find(events, "run.ended"), Turns, begin + (s_turn * Turns));
    }

    private static IEnumerable<JsonObject> Transcript(JsonObject[] entries, DateTimeOffset begin)
    {
        JsonObject said = entries.Last(static entry => entry["message"]!["role"]!.GetValue<string>() == "assistant");
        for (int turn = 1; turn <= Turns; turn++)
        {
            JsonObject entry = With(said, turn, begin + (s_turn * turn));
            entry["message"]!["contents"] = new JsonArray(new JsonObject
            {
                ["$type"] = "text",
                ["text"] = $"I looked at one more part, and this is finding {turn}.",
            });
            yield return entry;
        }
    }

    private static void AddSubAgent(Dictionary<string, byte[]> made, JsonObject record, JsonObject state, string run, int number,
        DateTimeOffset begin)
    {
        string id = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{run}.1-0-{number:0000}");
        JsonObject below = record.DeepClone().AsObject();
        below["id"] = id;
        below["parent"] = run;
        below["goal"] = $"Goal number {number}";
        below["createdAt"] = begin.AddSeconds(number);
        made[$"runs/{id}/record.json"] = Bytes(below);
        JsonObject its = state.DeepClone().AsObject();
        its["instanceId"] = id;
        if (number <= FailedRuns)
        {
            its["status"] = "Failed";
            its.Remove("output");
            its["failure"] = new JsonObject { ["errorType"] = "ModelUnavailable", ["message"] = "The model does not answer." };
        }

        made[$"runs/{id}/state.json"] = Bytes(its);
    }

    private static JsonObject With(JsonObject entry, int turn, DateTimeOffset at)
    {
        JsonObject copy = entry.DeepClone().AsObject();
        if (copy.ContainsKey("turn"))
        {
            copy["turn"] = turn;
        }

        copy["at"] = at;
        return copy;
    }

    private static JsonObject Find(JsonObject[] events, string type) =>
        events.First(one => one["type"]!.GetValue<string>() == type);

    private static JsonObject[] Events(Dictionary<string, byte[]> parts, string run, string stream) =>
        [.. Encoding.UTF8.GetString(parts[$"runs/{run}/{stream}.ndjson"]).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => JsonNode.Parse(line)!.AsObject())];

    private static byte[] Bytes(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString());

    private static byte[] Lines(IEnumerable<JsonObject> entries) =>
        Encoding.UTF8.GetBytes(string.Concat(entries.Select(static entry => entry.ToJsonString() + "\n")));

    private static async Task<Dictionary<string, byte[]>> ReadAsync(string source)
    {
        var parts = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        await using ZipArchive zip = await ZipFile.OpenReadAsync(source);
        foreach (ZipArchiveEntry entry in zip.Entries)
        {
            await using Stream part = await entry.OpenAsync();
            using var bytes = new MemoryStream();
            await part.CopyToAsync(bytes);
            parts[entry.FullName] = bytes.ToArray();
        }

        return parts;
    }

    private static async Task WriteAsync(string path, string run, Dictionary<string, byte[]> parts)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECPoint point = key.ExportParameters(false).Q;
        parts["keys.json"] = JsonSerializer.SerializeToUtf8Bytes(new
        {
            keys = new[] { new { kid = "test", x = Base64Url.EncodeToString(point.X!), y = Base64Url.EncodeToString(point.Y!) } },
        });
        byte[] manifest = JsonSerializer.SerializeToUtf8Bytes(new
        {
            format = "afrun/1",
            run,
            goal = "Work for days.",
            exportedAt = DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000),
            exportedBy = "local",
            parts = parts.Select(static part => new
            {
                name = part.Key,
                bytes = part.Value.Length,
                sha256 = Convert.ToHexStringLower(SHA256.HashData(part.Value))
            }),
        });
        parts["manifest.json"] = manifest;
        parts["manifest.sig"] = JsonSerializer.SerializeToUtf8Bytes(new
        {
            kid = "test",
            sig = Convert.ToHexStringLower(key.SignData(manifest, HashAlgorithmName.SHA256)),
        });
        await using ZipArchive zip = await ZipFile.OpenAsync(path, ZipArchiveMode.Create);
        foreach ((string name, byte[] bytes) in parts)
        {
            await using Stream part = await zip.CreateEntry(name, CompressionLevel.Fastest).OpenAsync();
            await part.WriteAsync(bytes);
        }
    }
}
