using System.Collections;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using AgentFunctions.AspNetCore;
using AgentFunctions.AspNetCore.Doors;
using AgentFunctions.Diagnostics;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Options;
using AgentFunctions.Governance.Options;
using AgentFunctions.Governance.Reviews;
using AgentFunctions.Live;
using AgentFunctions.Mesh;
using AgentFunctions.Notifications;
using AgentFunctions.OpenAI;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Workspaces;

namespace AgentFunctions.Tests.Documents;

/// <summary>Writes docs/reference/settings.md out of the options classes and their documentation.</summary>
internal static partial class SettingsPage
{
    private const string Heading = """
        # Settings

        Every setting that a host reads from its configuration. In `appsettings.json` a colon is a level; in an environment variable it is two
        underscores (`Gateway__Concurrency__MaxQueued`). `<n>` is a number from 0, `<name>` a name of yours. This page is written by a test from the code.

        """;

    /// <summary>Gets the classes by section.</summary>
    public static IReadOnlyList<(string Section, Type Options)> Roots { get; } =
    [
        ("Api", typeof(ApiOptions)), ("Doors", typeof(DoorOptions)), ("Gateway", typeof(GatewayOptions)),
        ("Governance", typeof(GovernanceOptions)),
        ("Live", typeof(LiveOptions)), ("Mesh", typeof(MeshOptions)), ("Models:<name>", typeof(ModelOptions)),
        ("Notifications", typeof(NotificationOptions)),
        ("Retention", typeof(RetentionOptions)), ("Reviews", typeof(ReviewOptions)), ("Swarm", typeof(SwarmOptions)),
        ("Telemetry", typeof(TelemetryOptions)), ("Tools", typeof(ToolOptions)),
    ];

    /// <summary>Gets the settings that no class has: name, type, default, what.</summary>
    public static IReadOnlyList<string[]> Single { get; } =
    [
        ["AgentStorage", "text", "`AzureWebJobsStorage`",
            "The storage account: a connection string, or by identity, below it, `blobServiceUri`, `serviceUri` or `accountName`, with `credential` and `clientId`."],
        ["Models:Aliases:<name>", "text", "–",
            "The model of this host that stands for a name that agents use; `*` for any other name."],
        ["Models:Strict", "`true` or `false`", "`false`",
            "Whether an agent with a model that nobody knows is refused; otherwise the default model speaks, with a note."],
        ["Rehearsal:Pause", "duration, `00:05:00`", "`00:00:00`", "How long the rehearsal model thinks before each answer."],
        ["Runs:MaxTurns", "number", "`1000`", "The most turns of a run that neither its agent nor a budget limits."],
        ["Workspace:Sandbox", "`auto`, `required`, `off`", $"`{new WorkspaceToolOptions().Sandbox.ToString().ToLowerInvariant()}`",
            "Whether commands of `run_command` run in a sandbox: where there is one, always, or never; [security](../security.md)."],
        ["Workspace:Snapshots", "`off`, `writes`, `all`", "by the kind of folder",
            "What is kept of changes of a run's folder, so that they can be taken back; [data](../data.md)."],
    ];

    public static string Write()
    {
        var text = new StringBuilder(Heading);
        foreach ((string section, Type options) in Roots)
        {
            text.Append($"\n## {section}\n\n{Summary($"T:{options.FullName}", options)}\n\n| setting | type | default | what |\n|---|---|---|---|\n");
            foreach (string row in RowsOf(section, options, []))
            {
                text.Append(row);
            }
        }

        text.Append("\n## By themselves\n\nSettings that stand alone.\n\n| setting | type | default | what |\n|---|---|---|---|\n");
        foreach (string[] row in Single)
        {
            text.Append($"| `{row[0]}` | {row[1]} | {row[2]} | {row[3]} |\n");
        }

        return text.ToString();
    }

    private static IEnumerable<string> RowsOf(string path, Type type, HashSet<Type> above)
    {
        object? made = type.GetConstructor(Type.EmptyTypes) is { } make ? make.Invoke(null) : null;
        foreach (PropertyInfo property in type.GetProperties()
            .Where(static one => one.SetMethod is { IsPublic: true } || IsMany(one.PropertyType) || IsOurs(one.PropertyType))
            .OrderBy(static one => one.Name, StringComparer.Ordinal))
        {
            string name = $"{path}:{property.Name}";
            Type kind = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            // One within another as well: lists by a name.
            while (ElementOf(kind) is { } element)
            {
                bool isNamed = kind.GetInterfaces().Append(kind)
                    .Any(static one => one.IsGenericType && one.Name.Contains("Dictionary", StringComparison.Ordinal));
                name += isNamed ? ":<name>" : ":<n>";
                kind = element;
            }

            if (IsOurs(kind) && above.Add(kind))
            {
                foreach (string row in RowsOf(name, kind, above))
                {
                    yield return row;
                }

                above.Remove(kind);
            }
            else if (kind != typeof(object) && !typeof(Delegate).IsAssignableFrom(kind))
            {
                string key = $"P:{property.DeclaringType!.FullName!.Replace('+', '.')}.{property.Name}";
                string value = Text(key, property.DeclaringType, "value");
                string said = value.Length > 0
                    ? DefaultOf().Replace(value, "").TrimEnd('.')
                    : Shown(made is null ? null : property.GetValue(made));
                yield return $"| `{name}` | {TypeName(kind)} | {said} | {Summary(key, property.DeclaringType)} |\n";
            }
        }
    }

    private static bool IsOurs(Type type) =>
        type is { IsClass: true } && type.Namespace?.StartsWith("AgentFunctions", StringComparison.Ordinal) == true;

    private static bool IsMany(Type type) => ElementOf(type) is not null;

    private static Type? ElementOf(Type type) => type == typeof(string) || !typeof(IEnumerable).IsAssignableFrom(type) ? null
        : type.IsArray ? type.GetElementType()
        : type.IsGenericType ? type.GetGenericArguments()[^1] : null;

    private static string TypeName(Type type) => type.IsEnum
        ? string.Join(", ", Enum.GetNames(type).Select(static name => $"`{char.ToLowerInvariant(name[0])}{name[1..]}`"))
        : type == typeof(TimeSpan) ? "duration, `00:05:00`"
        : type == typeof(bool) ? "`true` or `false`"
        : type == typeof(string) || type == typeof(Uri) ? "text" : "number";

    private static string Shown(object? value) => value switch
    {
        null or "" or IEnumerable and not string => "–",
        bool flag => flag ? "`true`" : "`false`",
        _ => $"`{string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{value}")}`",
    };

    /// <summary>What the documentation of a member says it is.</summary>
    public static string Summary(string key, Type of) => Text(key, of, "summary")
        .Replace("Gets or sets ", "", StringComparison.Ordinal)
        .Replace("Gets ", "", StringComparison.Ordinal) is { Length: > 0 } text
            ? char.ToUpperInvariant(text[0]) + text[1..] : "";

    /// <summary>A part of the documentation of a member, on one line.</summary>
    private static string Text(string key, Type of, string part)
    {
        XElement? found = Documents.GetOrAdd(of.Assembly,
            static assembly => XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")))
            .Descendants("member").FirstOrDefault(member => member.Attribute("name")?.Value == key)?.Element(part);
        string text = found is null ? "" : string.Concat(found.Nodes().Select(static node => node switch
        {
            XText words => words.Value,
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement see when see.Attribute("langword") is { } word => word.Value == "null" ? "none" : $"`{word.Value}`",
            XElement see when see.Attribute("cref") is { } member => $"`{member.Value[(member.Value.LastIndexOf('.') + 1)..]}`",
            XElement other => other.Value,
            _ => "",
        }));
        return Blanks().Replace(text, " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);
    }

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<Assembly, XDocument> Documents = new();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex("^The default is ")]
    private static partial Regex DefaultOf();
}
