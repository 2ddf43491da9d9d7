using System.Text.Json.Nodes;

namespace AgentFunctions.OpenApi.Parts;

/// <summary>A description with the parts that it refers to in other files.</summary>
/// <param name="Document">The description; its parts stand in it, and references lead there.</param>
/// <param name="Places">Where the parts were read.</param>
/// <param name="Notes">The parts that were not read, and why.</param>
internal sealed record OpenApiBundle(JsonObject Document, IReadOnlyList<string> Places, IReadOnlyList<string> Notes)
{
    /// <summary>The most files that one description may be made of.</summary>
    internal const int MaxParts = 200;

    private const string Key = "x-agentfunctions-parts";

    private const long MaxBytes = 16 << 20;

    /// <summary>Reads the parts of a description.</summary>
    /// <param name="document">The description; references in it are changed.</param>
    /// <param name="origin">Where it came from, for notes.</param>
    /// <param name="parts">Finds and reads the parts.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public static async Task<OpenApiBundle> ReadAsync(JsonObject document, string origin, IOpenApiParts parts,
        CancellationToken cancellationToken)
    {
        var read = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        var notes = new SortedSet<string>(StringComparer.Ordinal);
        var open = new Queue<(string Place, JsonNode? Node)>([(parts.Root, document)]);
        long left = MaxBytes;
        while (open.TryDequeue(out (string Place, JsonNode? Node) one))
        {
            foreach (JsonObject holder in References(one.Node))
            {
                string reference = holder["$ref"]!.GetValue<string>();
                string[] halves = reference.Split('#', 2);
                string fragment = halves.Length == 2 ? halves[1] : "";
                string place = one.Place;
                try
                {
                    place = halves[0].Length == 0 ? place : parts.Locate(place, halves[0]);
                    if (place != parts.Root && !read.ContainsKey(place))
                    {
                        if (read.Count == MaxParts)
                        {
                            throw new AgentException(ErrorCode.NotAllowed,
                                $"'{halves[0]}' is one file too many; a description may have {MaxParts}");
                        }

                        string text = await parts.ReadAsync(place, left, cancellationToken).ConfigureAwait(false);
                        left -= text.Length;
                        read[place] = OpenApiText.ParsePart(text, halves[0]);
                        open.Enqueue((place, read[place]));
                    }
                }
                catch (AgentException e)
                {
                    notes.Add($"{origin}: a part is not read: {e.Message.TrimEnd('.')}.");
                    continue;
                }

                holder["$ref"] = place == parts.Root
                    ? $"#{fragment}"
                    : $"#/{Key}/{Escape(place)}{(fragment is "" or "/" ? "" : fragment)}";
            }
        }

        if (read.Count > 0)
        {
            document[Key] = new JsonObject(read);
        }

        return new OpenApiBundle(document, [.. read.Keys], [.. notes]);
    }

    private static List<JsonObject> References(JsonNode? root)
    {
        var found = new List<JsonObject>();
        var open = new Stack<JsonNode?>([root]);
        while (open.TryPop(out JsonNode? node))
        {
            if (node is JsonArray list)
            {
                foreach (JsonNode? item in list)
                {
                    open.Push(item);
                }
            }

            foreach ((_, JsonNode? value) in node as JsonObject ?? [])
            {
                open.Push(value);
            }

            if ((node as JsonObject)?["$ref"] is JsonValue reference && reference.TryGetValue(out string? _))
            {
                found.Add((JsonObject)node);
            }
        }

        return found;
    }

    private static string Escape(string place) => Uri.EscapeDataString(
        place.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
}
