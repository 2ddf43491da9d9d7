using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>The one allowed form of an interpreter: a script of the workspace, named first, with its arguments.</summary>
/// <param name="program">The interpreter.</param>
/// <param name="endings">How scripts end.</param>
internal sealed class ScriptForms(string program, params string[] endings)
    : ProgramForms(program, [new CommandForm("", new CommandOptions(""), Operands.Paths, FileUse.RunsCode)])
{
    public override CommandPlan Plan(Workspace workspace, IReadOnlyList<string> arguments)
    {
        if (arguments.Count == 0 || !endings.Any(ending => arguments[0].EndsWith(ending, StringComparison.OrdinalIgnoreCase)))
        {
            return Refuse(
                arguments.Count == 0 ? Program : $"{Program} {PathSyntax.Show(arguments[0])}",
                $"its allowed form is a script of the workspace ({string.Join(", ", endings)}), named first, with its arguments");
        }

        return IsInside(workspace, arguments[0])
            ? new CommandPlan
            {
                Arguments = [Path.Combine(workspace.Root, NameOf(workspace, arguments[0])), .. arguments.Skip(1)],
                RunsCode = true
            }
            : Outside(Program, arguments[0]);
    }

    private static string NameOf(Workspace workspace, string path) => workspace.Relative(workspace.Resolve(path));
}
