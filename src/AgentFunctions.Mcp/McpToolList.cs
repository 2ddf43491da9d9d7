using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp;

/// <summary>
/// Reads a server's list of tools, one by one where the list as a whole cannot be read: a schema that lacks <c>type</c> is read
/// as an object's, and a tool that cannot be used, or stands twice, is left out with a warning.
/// </summary>
internal static class McpToolList
{
    private const int MostPages = 1_000;

    public static async Task<IReadOnlyList<Tool>> ReadAsync(McpClient client, string server, ILogger logger,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<Tool> all;
        try
        {
            all = [.. (await client.ListToolsAsync(cancellationToken: cancellationToken)
                .ConfigureAwait(false)).Select(static tool => tool.ProtocolTool)];
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NotSupportedException)
        {
            all = await OneByOneAsync(client, server, logger, cancellationToken).ConfigureAwait(false);
        }

        var byName = new Dictionary<string, Tool>(StringComparer.Ordinal);
        foreach (Tool tool in all)
        {
            if (string.IsNullOrWhiteSpace(tool.Name))
            {
                McpLog.ToolLeftOut(logger, server, "", "it has no name");
            }
            else if (!byName.TryAdd(tool.Name, tool))
            {
                McpLog.ToolLeftOut(logger, server, tool.Name, "the server lists it twice; the first one is used");
            }
        }

        return [.. byName.Values];
    }

    private static async Task<List<Tool>> OneByOneAsync(McpClient client, string server, ILogger logger,
        CancellationToken cancellationToken)
    {
        var tools = new List<Tool>();
        JsonNode? cursor = null;
        for (int page = 0; page < MostPages; page++)
        {
            var request = new JsonRpcRequest
            {
                Method = RequestMethods.ToolsList,
                Params = cursor is null ? new JsonObject() : new JsonObject { ["cursor"] = cursor.DeepClone() },
            };
            JsonNode? result = (await client.SendRequestAsync(request, cancellationToken).ConfigureAwait(false)).Result;
            foreach (JsonNode? item in (result as JsonObject)?["tools"] as JsonArray ?? [])
            {
                if (Read(item, server, logger) is { } tool)
                {
                    tools.Add(tool);
                }
            }

            cursor = (result as JsonObject)?["nextCursor"];
            if (cursor is null)
            {
                break;
            }
        }

        return tools;
    }

    private static Tool? Read(JsonNode? item, string server, ILogger logger)
    {
        string name = (item as JsonObject)?["name"]?.ToString() ?? "";
        try
        {
            if (item is not JsonObject { } tool)
            {
                throw new JsonException("it is no object");
            }

            tool["inputSchema"] = SchemaOf(tool["inputSchema"]);
            // Not used here, and as likely to be wrong.
            tool.Remove("outputSchema");
            return (Tool?)tool.Deserialize(McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(Tool)));
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NotSupportedException or InvalidOperationException)
        {
            McpLog.ToolLeftOut(logger, server, name, e.Message);
            return null;
        }
    }

    private static JsonObject SchemaOf(JsonNode? schema)
    {
        JsonObject read = schema?.DeepClone() as JsonObject ?? [];
        return read["type"] switch
        {
            null => new JsonObject([KeyValuePair.Create<string, JsonNode?>("type", "object"),
                .. read.Where(static field => field.Key != "type")
                    .Select(static field => KeyValuePair.Create(field.Key, field.Value?.DeepClone()))]),
            JsonValue type when type.ToString() == "object" => read,
            JsonArray types when types.Any(static type => type?.ToString() == "object") => With(read, "object"),
            _ => throw new JsonException("its schema is none of an object"),
        };
    }

    private static JsonObject With(JsonObject schema, string type)
    {
        schema["type"] = type;
        return schema;
    }
}
