using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using AgentFunctions.Core.Text;
using AgentFunctions.Core.Yaml;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace AgentFunctions.Monitors;

/// <summary>Reads monitors from JSON and YAML, strictly: what is not exactly right is refused with the field's name.</summary>
public static partial class MonitorReader
{
    private const long MaxBytes = 1 << 20;

    /// <summary>By reflection: generated code forgets the defaults of members that are left out.</summary>
    private static readonly JsonSerializerOptions Strict = new(MonitorJson.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        MaxDepth = 32,
    };

    /// <summary>Reads a monitor from JSON.</summary>
    /// <param name="json">The JSON, in UTF-8.</param>
    /// <param name="name">The name that it must have, and has where it says none.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names the field and the remedy.
    /// </exception>
    public static MonitorDefinition ParseJson(ReadOnlySpan<byte> json, string? name = null)
    {
        try
        {
            JsonNode? document = JsonNode.Parse(json,
                documentOptions: new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
            if (name is not null && document is JsonObject body && !body.ContainsKey("name"))
            {
                body["name"] = name;
            }

            MonitorDefinition monitor = document.Deserialize<MonitorDefinition>(Strict)
                ?? throw new AgentException(ErrorCode.InvalidInput, "body: send a JSON object.");
            RequireNoNulls(monitor);
            MonitorDefinitionRules.Require(name is null || monitor.Name == name, "name",
                $"it must be that of the address, {name}");
            monitor.Validate();
            return monitor;
        }
        catch (JsonException e)
        {
            throw new AgentException(ErrorCode.InvalidInput, Explain(e), e);
        }
        catch (InvalidOperationException e)
        {
            throw new AgentException(ErrorCode.InvalidInput, "body: broken Unicode.", e);
        }
    }

    /// <summary>Reads a monitor from a file of YAML. <c>response.runbookFile</c> names a Markdown file beside it.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names the file and the field.
    /// </exception>
    public static MonitorDefinition LoadYaml(string path) => LoadYaml(path, null);

    /// <summary>Reads a monitor from a file of YAML, and says which runbooks it was read with.</summary>
    internal static MonitorDefinition LoadYaml(string path, ICollection<string>? runbooks)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        try
        {
            return ParseYaml(TextOf(path), file =>
            {
                string runbook = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path) ?? "", file));
                runbooks?.Add(runbook);
                return TextOf(runbook, $"response.runbookFile: '{file}' ");
            });
        }
        catch (AgentException e) when (e.Code == ErrorCode.InvalidInput)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"monitor file '{path}': {e.Message}", e);
        }
    }

    private static string TextOf(string path, string what = "") => TextFile.Read(
        path, MaxBytes, (line, words, error) => new AgentException(ErrorCode.InvalidInput, $"{what}line {line}: {words}.",
            error));

    private static MonitorDefinition ParseYaml(string yaml, Func<string, string> readFile)
    {
        JsonNode? document;
        try
        {
            var parser = new Parser(new StringReader(yaml));
            parser.Consume<StreamStart>();
            parser.Consume<DocumentStart>();
            document = YamlToJson.Read(parser);
        }
        catch (YamlException e)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"line {e.Start.Line}: no valid YAML: {e.Message}", e);
        }

        if (document?["response"] is JsonObject response && response["runbookFile"] is JsonValue file)
        {
            response.Remove("runbookFile");
            response["runbook"] = readFile(file.ToString());
        }

        return ParseJson(JsonSerializer.SerializeToUtf8Bytes(document));
    }

    /// <summary>JSON can say null where the definition has a default; System.Text.Json lets it.</summary>
    private static void RequireNoNulls(MonitorDefinition monitor)
    {
        (string Field, object? Value)[] members =
        [
            ("name", monitor.Name), ("description", monitor.Description), ("schedule", monitor.Schedule),
            ("misfire", monitor.Misfire),
            ("budget", monitor.Budget), ("memory", monitor.Memory), ("signals", monitor.Signals),
            ("incidents", monitor.Incidents),
            ("escalation", monitor.Escalation), ("labels", monitor.Labels),
            ("incidents.priorities", monitor.Incidents?.Priorities),
            .. (monitor.Signals ?? []).Select((signal, i) => ($"signals[{i}].name", (object?)signal?.Name)),
            .. (monitor.Escalation ?? []).Select((step, i) => ($"escalation[{i}].notify", (object?)step?.Notify)),
            .. (monitor.Incidents?.Priorities ?? []).Select((rule, i) => ($"incidents.priorities[{i}]", (object?)rule)),
            .. (monitor.ActiveWindow is { } window ? [("activeWindow.days", window.Days)] : Array.Empty<(string, object?)>()),
            .. (monitor.Response is { } response ? [("response.runbook", response.Runbook)] : Array.Empty<(string, object?)>()),
        ];
        if (members.FirstOrDefault(member => member.Value is null).Field is { } field)
        {
            throw new AgentException(ErrorCode.InvalidInput,
                $"{field}: null is not a valid value. Leave it out for the default.");
        }
    }

    private static string Explain(JsonException e)
    {
        string path = e.Path is { Length: > 2 } full ? full[2..] : "body";
        if (MissingMembers().Match(e.Message) is { Success: true } missing)
        {
            return $"{(path == "body" ? "" : path + ".")}{missing.Groups[1].Value}: it is missing.";
        }

        if (e.Message.Contains("could not be mapped", StringComparison.Ordinal))
        {
            return $"{path}: no such field; leave it out.";
        }

        return e.Message.StartsWith("use ", StringComparison.Ordinal)
            ? $"{path}: {e.Message}."
            : $"{path}: not of the type that the API document gives for it.";
    }

    [GeneratedRegex(@"missing required propert\w+ including: '([^']+)'", RegexOptions.CultureInvariant)]
    private static partial Regex MissingMembers();
}
