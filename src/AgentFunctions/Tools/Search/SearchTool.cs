using System.ComponentModel;
using System.Globalization;
using System.Text;
using AgentFunctions.Agents;
using AgentFunctions.Core.Text;
using AgentFunctions.Runs;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tools.Search;

/// <summary>The tool by which a model finds and loads what its requests do not declare.</summary>
internal static class SearchTool
{
    /// <summary>The name that the model calls it by.</summary>
    public const string Name = "search_tools";

    private const int DefaultLimit = 5;
    private const int MaxLimit = 20;
    private const int MaxDescription = 300;
    private const int MaxGroups = 30;
    private const int MaxFurther = 20;

    private const string What =
        "Finds further tools by what they do and loads them: a loaded tool can be called from your next message on. Search before you say that "
        + "something cannot be done.";

    public static AgentTool Create() => new(AgentTool.CreateFunction(Name, What, SearchAsync), ToolEffect.None)
    {
        Reach = ToolReach.Runtime,
        IsForSearch = true,
    };

    /// <summary>The tool as a run declares it: with what there is to find.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="searched">What there is to find.</param>
    public static ToolDeclaration Declare(AgentTool tool, IReadOnlyList<ToolDeclaration> searched)
    {
        ToolDeclaration declared = ToolDeclaration.Of(tool);
        return declared with { Description = $"{What} {Count(searched.Count)} can be found: {Groups(searched)}." };
    }

    private static async Task<string> SearchAsync(
        ToolContext context,
        [Description("Words of what the tool is to do, for instance 'create invoice customer'.")] string? query = null,
        [Description("Exact names of tools to load, for instance of an earlier answer.")] IReadOnlyList<string>? names = null,
        [Description("The most tools to load, from 1 to 20; 5 by default.")] int limit = DefaultLimit,
        CancellationToken cancellationToken = default)
    {
        if (limit is < 1 or > MaxLimit)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"limit: use 1 to {MaxLimit}.");
        }

        if (string.IsNullOrWhiteSpace(query) && names is not { Count: > 0 })
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid,
                "query, names: say what the tool is to do, or name the tools to load.");
        }

        RunStore runs = context.Services.GetRequiredService<RunStore>();
        RunTools tools = context.Services.GetRequiredService<RunTools>();
        RunRecord run = await runs.GetAsync(context.RunId, cancellationToken).ConfigureAwait(false);
        AgentDefinition agent = await runs.GetDefinitionAsync(run, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ToolDeclaration> shown = await tools.DeclaredAsync(run, agent, context.Turn, cancellationToken)
            .ConfigureAwait(false);
        var isShown = shown.Select(static tool => tool.Name).ToHashSet(StringComparer.Ordinal);
        IReadOnlyList<ToolDeclaration> all = await tools.GrantedAsync(run, agent, cancellationToken).ConfigureAwait(false);
        ToolDeclaration[] hidden = [.. all.Where(tool => !isShown.Contains(tool.Name))];
        ToolDeclaration[] named = [.. hidden.Where(tool => names?.Contains(tool.Name) == true)];
        IReadOnlyList<ToolDeclaration> found = string.IsNullOrWhiteSpace(query)
            ? []
            : ToolRanking.Find([.. hidden.Except(named)], query);
        IReadOnlyList<ToolDeclaration> loaded = await tools
            .LoadAsync(run, context, [.. named.Concat(found).Take(Math.Max(limit, Math.Min(named.Length, MaxLimit)))],
                cancellationToken).ConfigureAwait(false);

        var text = new StringBuilder();
        if (loaded.Count > 0)
        {
            text.Append("Loaded, to be called from your next message on:\n");
            foreach (ToolDeclaration tool in loaded)
            {
                text.Append(CultureInfo.InvariantCulture,
                    $"- {tool.Name}({string.Join(", ", ToolRanking.ArgumentsOf(tool))}): {Short(tool.Description)}\n");
            }
        }

        ToolDeclaration[] further = [.. named.Concat(found).Except(loaded)];
        if (further.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"Not loaded, the best first ({further.Length}): {string.Join(", ", further.Take(MaxFurther).Select(static tool => tool.Name))}.\n");
        }

        foreach (string name in names?.Except(named.Select(static tool => tool.Name)) ?? [])
        {
            text.Append(isShown.Contains(name) ? $"'{name}' can be called already.\n" : $"There is no tool '{name}'.\n");
        }

        if (loaded.Count == 0 && !string.IsNullOrWhiteSpace(query))
        {
            text.Append(CultureInfo.InvariantCulture,
                $"No further tool has anything of '{query}'; try other words. {Count(hidden.Length)} can be found: {Groups(hidden)}.\n");
        }

        return text.ToString().TrimEnd();
    }

    private static string Count(int count) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? "tool" : "tools")}");

    private static string Groups(IReadOnlyList<ToolDeclaration> tools)
    {
        string[] groups =
        [
            .. tools.GroupBy(static tool => GroupOf(tool.Name), StringComparer.Ordinal)
                .OrderBy(static group => group.Key, StringComparer.Ordinal)
                .Select(static group => string.Create(CultureInfo.InvariantCulture, $"{group.Key} ({group.Count():N0})")),
        ];
        return string.Join(", ", groups.Take(MaxGroups)) + (groups.Length > MaxGroups ? ", and others" : "");
    }

    /// <summary>What a name begins with, up to its last <c>__</c>: a tool server, or an API.</summary>
    private static string GroupOf(string name)
    {
        int end = name.LastIndexOf("__", StringComparison.Ordinal);
        return end <= 0 ? "others" : name[..end];
    }

    private static string Short(string text)
    {
        string line = text.ReplaceLineEndings(" ").Trim();
        return TextCut.Shorten(line, MaxDescription);
    }
}
