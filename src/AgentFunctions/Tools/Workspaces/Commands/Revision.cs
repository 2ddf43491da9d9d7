using System.Text.RegularExpressions;

namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>
/// Tells what an operand of git's certainly is: names of branches and tags may stand for anything, a file's content too.
/// </summary>
internal static partial class Revision
{
    /// <summary>Tells whether an operand is certainly a commit, or a range of commits.</summary>
    /// <param name="operand">The operand.</param>
    public static bool IsCommit(string operand) => Commits().IsMatch(operand);

    /// <summary>
    /// Gets the path in an operand such as <c>HEAD:src/app.cs</c>, which is told from the root of the commit's tree.
    /// </summary>
    /// <param name="operand">The operand.</param>
    /// <returns>The path, or null where the revision may be the tree of some folder, or the path starts elsewhere.</returns>
    public static string? PathIn(string operand)
    {
        int colon = operand.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && colon + 1 < operand.Length && Commit().IsMatch(operand[..colon]) ? operand[(colon + 1)..] : null;
    }

    [GeneratedRegex(@"\A(HEAD|@)([~^][0-9]*)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Commit();

    [GeneratedRegex(@"\A\^?(HEAD|@)([~^][0-9]*)*(\.{2,3}((HEAD|@)([~^][0-9]*)*)?)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Commits();
}
