using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Core;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Governance.Policies;

/// <summary>Judges an action by all the files that it reads or writes, each as if it alone had been asked for.</summary>
/// <param name="policy">The policy.</param>
/// <param name="action">The action.</param>
internal sealed class PolicyFileJudge(Policy policy, ActionContext action)
{
    private const string PathArgument = "path";

    /// <summary>Adds to the decision about the call itself what follows from the files that it uses.</summary>
    /// <param name="decision">The decision about the call itself.</param>
    public PolicyDecision Judge(PolicyDecision decision)
    {
        if (decision.Verdict == PolicyVerdict.Deny)
        {
            return decision;
        }

        var labels = new List<string>(decision.DataLabels);
        foreach (PathUse use in action.Uses)
        {
            foreach (string file in FilesOf(use))
            {
                PolicyDecision about = policy.DecideAlone(As(use, file));
                labels.AddRange(about.DataLabels.Where(label => !labels.Contains(label)));
                if (use.IsFiltered || !IsByRule(about) || about.Verdict == PolicyVerdict.Allow)
                {
                    continue;
                }

                string used = use.MayBeGone ? $"files below '{file}' that are not there now" : $"'{file}'";
                if (about.Verdict == PolicyVerdict.Deny)
                {
                    return about with
                    {
                        Reason = $"it may use {used}, of which the rule says: {about.Reason}",
                        DataLabels = labels
                    };
                }

                decision = decision.Verdict == PolicyVerdict.Ask
                    ? decision
                    : about with
                    {
                        Reason = about.Reason is null ? $"it may use {used}" : $"it may use {used}: {about.Reason}",
                        Risk = about.Risk > decision.Risk ? about.Risk : decision.Risk,
                    };
            }
        }

        return decision with { DataLabels = labels };
    }

    /// <summary>
    /// Makes the filter for a tool that leaves out what it may not read; <see langword="null"/> if nothing can be forbidden.
    /// </summary>
    /// <param name="isApproved">Whether people approved the call, so that what would ask is allowed.</param>
    public FileFilter? Filter(bool isApproved)
    {
        PathUse[] uses = [.. action.Uses.Where(static use => use.IsFiltered)];
        if (!policy.ReadsArguments || uses.Length == 0)
        {
            return null;
        }

        return new FileFilter(path =>
        {
            string file = action.Paths?.NameOf(path) ?? path;
            foreach (PathUse use in uses)
            {
                PolicyDecision about = policy.DecideAlone(As(use, file));
                if (about.Verdict == PolicyVerdict.Deny || (about.Verdict == PolicyVerdict.Ask && !isApproved))
                {
                    if (use.Tool == action.Tool || IsByRule(about))
                    {
                        return about.Rule;
                    }
                }
            }

            return null;
        });
    }

    /// <summary>
    /// The files of a use, and the folders that rules name within it, whose files may be kept elsewhere too, as in a repository's
    /// history.
    /// </summary>
    private IEnumerable<string> FilesOf(PathUse use)
    {
        if (use.Files is not { } files)
        {
            return [action.Paths?.NameOf(use.Path) ?? use.Path];
        }

        IEnumerable<string> names = files(CancellationToken.None).Select(file => action.Paths?.NameOf(file) ?? file);
        IEnumerable<string> folders = action.Paths is { } paths
            ? policy.Folders.Select(paths.NameOf).OfType<string>().Where(folder => paths.IsUnder(folder, use.Path) != false)
            : [];
        return names.Concat(folders);
    }

    private static bool IsByRule(PolicyDecision decision) => !decision.Rule.StartsWith("default:", StringComparison.Ordinal);

    private ActionContext As(PathUse use, string file)
    {
        JsonObject arguments = use.Tool == action.Tool ? JsonObject.Create(action.Arguments)! : [];
        arguments[PathArgument] = file;
        return action with
        {
            Tool = use.Tool,
            Effect = use.Effect,
            Reach = ToolReach.Workspace,
            Risk = use.Effect == ToolEffect.None ? RiskLevel.Low : action.Risk,
            Arguments = JsonSerializer.SerializeToElement(arguments, CoreJsonContext.Default.JsonNode),
            Written = null,
            Schema = null,
            PathArguments = [PathArgument],
            FilesBelow = use.MayBeGone ? file : null,
            Uses = [],
            Hosts = use.Tool == action.Tool ? action.Hosts : [],
        };
    }
}
