using System.Text;
using System.Text.Json;
using AgentFunctions.Core.JsonSchemas;
using AgentFunctions.Tools.Search;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tools.Client;

/// <summary>Makes tools of this host of those that a caller brings along.</summary>
internal static class ClientTools
{
    private const int MaxTools = 64;
    private const int MaxNameLength = 64;
    private const int MaxBytes = 64 * 1024;

    private static readonly JsonElement NoArguments = JsonElement.Parse("""{"type":"object","properties":{}}""");

    /// <summary>Checks what can be checked of tools without the host.</summary>
    /// <param name="tools">The tools.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names the tool and the remedy.
    /// </exception>
    public static void Validate(IReadOnlyList<ClientTool> tools)
    {
        Require(tools.Count <= MaxTools, "clientTools", $"send at most {MaxTools}");
        var names = new HashSet<string>(StringComparer.Ordinal);
        int bytes = 0;
        foreach (ClientTool tool in tools)
        {
            Require(
                tool?.Name is { Length: > 0 and <= MaxNameLength } name && ToolNames.Clean(name) == name
                    && !ToolNames.IsOfSource(name),
                $"clientTools '{tool?.Name}'", $"use a name of 1 to {MaxNameLength} letters, digits, _ and -, without __");
            string field = $"clientTools.{tool!.Name}";
            Require(names.Add(tool.Name), field, "send it once");
            Require(tool.Description is not null, field, "send a description, or leave it out");
            if (tool.Schema is { } schema)
            {
                Require(
                    schema.ValueKind == JsonValueKind.Object
                        && (!schema.TryGetProperty("type", out JsonElement type)
                            || (type.ValueKind == JsonValueKind.String && type.ValueEquals("object"))),
                    $"{field}.schema", "send a JSON schema of an object");
                Require(JsonSchema.Unsupported(schema) is not [var error, ..], $"{field}.schema",
                    $"send a schema that can be checked: {Of(schema)}");
                bytes += Encoding.UTF8.GetByteCount(schema.GetRawText());
            }

            bytes += Encoding.UTF8.GetByteCount(tool.Description!);
        }

        Require(bytes <= MaxBytes, "clientTools", "send descriptions and schemas of at most 64 KiB in all");

        static string Of(JsonElement schema) => JsonSchema.Unsupported(schema) is [var error, ..] ? error : "";
    }

    /// <summary>Declares tools for a run, beside those that it has of this host.</summary>
    /// <param name="tools">The tools; <see langword="null"/> for none.</param>
    /// <param name="own">The names of this host's tools.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: one has the name of a tool of this host.
    /// </exception>
    public static IReadOnlyList<ToolDeclaration> Declare(IReadOnlyList<ClientTool>? tools, IEnumerable<string> own)
    {
        if (tools is not { Count: > 0 })
        {
            return [];
        }

        HashSet<string> taken = [SearchTool.Name, .. own];
        return
        [
            .. tools.OrderBy(static tool => tool.Name, StringComparer.Ordinal).Select(tool => !taken.Contains(tool.Name)
                ? new ToolDeclaration(tool.Name, tool.Description, (tool.Schema ?? NoArguments).Clone(), ToolEffect.NotIdempotent)
                {
                    IsClient = true,
                    Rank = ToolRank.BuiltIn,
                }
                : throw new AgentException(
                    ErrorCode.InvalidInput, $"clientTools.{tool.Name}: this host has a tool of that name; use another name.")),
        ];
    }

    /// <summary>Makes the tool of a declaration, whose calls are answered from outside.</summary>
    /// <param name="declaration">The declaration.</param>
    /// <param name="patience">How long a call waits for its answer.</param>
    public static AgentTool ToolOf(ToolDeclaration declaration, TimeSpan patience) =>
        new(new ClientFunction(declaration, patience), declaration.Effect)
        {
            IsClient = true,
            Job = new ToolJob(static (context, _, cancellationToken) =>
                context.Services.GetRequiredService<ClientCallStore>().LookAsync(context, cancellationToken))
            {
                UnknownAtOnce = true,
                Deadline = patience,
                // The store decides when a call has waited long enough, so that it takes no answer afterwards.
                Timeout = patience + TimeSpan.FromDays(1),
            },
        };

    private static void Require(bool condition, string field, string remedy)
    {
        if (!condition)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{field}: {remedy}.");
        }
    }
}
