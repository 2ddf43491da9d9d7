using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>The allowed forms of find: tests and printing, nothing that runs, removes or writes.</summary>
internal sealed class FindForms() : ProgramForms("find",
    [new CommandForm("", new CommandOptions(""), Operands.Paths, FileUse.Names)])
{
    private static readonly HashSet<string> Plain = ["-print", "-print0", "-empty", "-prune", "-not", "!", "-a", "-and", "-o",
        "-or", "(", ")", "-depth", "-mount", "-xdev", "-true", "-false", "-P", "-readable", "-writable", "-executable", "-quit",
        "-ls", "-daystart"];

    private static readonly HashSet<string> WithText = ["-name", "-iname", "-path", "-ipath", "-wholename", "-iwholename",
        "-type", "-maxdepth", "-mindepth", "-size", "-mtime", "-mmin", "-ctime", "-cmin", "-atime", "-amin", "-regex", "-iregex",
        "-regextype", "-perm", "-user", "-group", "-links", "-printf"];

    public override CommandPlan Plan(Workspace workspace, IReadOnlyList<string> arguments)
    {
        var paths = new List<string>();
        bool expression = false;
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (WithText.Contains(argument) && i + 1 < arguments.Count)
            {
                expression = true;
                i++;
            }
            else if (argument is "-newer" or "-anewer" or "-cnewer" or "-samefile" && i + 1 < arguments.Count)
            {
                expression = true;
                paths.Add(arguments[++i]);
            }
            else if (Plain.Contains(argument))
            {
                expression |= argument != "-P";
            }
            else if (argument.StartsWith('-') || expression)
            {
                return Refuse($"find {PathSyntax.Show(argument)}", "this is not among the allowed tests and actions");
            }
            else
            {
                paths.Add(argument);
            }
        }

        return paths.FirstOrDefault(path => !IsInside(workspace, path)) is { } outside
            ? Outside("find", outside)
            : new CommandPlan { Arguments = arguments, Lists = paths };
    }
}
