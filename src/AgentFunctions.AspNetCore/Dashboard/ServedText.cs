using System.Text;

namespace AgentFunctions.AspNetCore.Dashboard;

/// <summary>Scripts and style sheets as a browser gets them: without what only their authors need.</summary>
internal static class ServedText
{
    /// <summary>
    /// Takes off the comments that have lines of their own, and the space before lines. Every line stays where it is, so that
    /// an error names the line of the source. Texts over several lines would change: the files have none.
    /// </summary>
    public static byte[] Of(string name, byte[] content)
    {
        if (!name.EndsWith(".js", StringComparison.Ordinal) && !name.EndsWith(".css", StringComparison.Ordinal))
        {
            return content;
        }

        var text = new StringBuilder(content.Length);
        bool isComment = false;
        foreach (string line in Encoding.UTF8.GetString(content).Split('\n'))
        {
            ReadOnlySpan<char> rest = line.AsSpan().Trim();
            bool isWithin = isComment || rest.StartsWith("/*", StringComparison.Ordinal);
            int end = isWithin ? rest.IndexOf("*/", StringComparison.Ordinal) : -1;
            isComment = isWithin && end < 0;
            bool isAlone = isComment || rest.StartsWith("//", StringComparison.Ordinal);
            text.Append(isAlone ? "" : rest[(isWithin ? end + 2 : 0)..].TrimStart()).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString(0, text.Length - 1));
    }
}
