using System.Runtime.CompilerServices;

namespace AgentFunctions.EndToEnd.Governance;

/// <summary>The table of docs/security.md that says who may do what.</summary>
/// <param name="Columns">The callers.</param>
/// <param name="Rows">The requests.</param>
internal sealed record MatrixTable(IReadOnlyList<string> Columns, IReadOnlyList<MatrixRow> Rows)
{
    private const string Heading = "## Who may do what";

    public static MatrixTable Read([CallerFilePath] string path = "")
    {
        string docs = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "../../../docs/security.md"));
        string[][] lines =
        [
            .. File.ReadAllLines(docs).SkipWhile(static line => line != Heading).Skip(1)
                .TakeWhile(static line => !line.StartsWith("## ", StringComparison.Ordinal))
                .Where(static line => line.StartsWith('|') && !line.StartsWith("|-", StringComparison.Ordinal))
                .Select(static line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries)),
        ];
        string[] columns = lines[0][1..^1];
        return new MatrixTable(columns, [.. lines[1..].SelectMany(line => RowsOf(columns, line))]);
    }

    /// <summary>A line may name several requests that are alike.</summary>
    private static IEnumerable<MatrixRow> RowsOf(string[] columns, string[] line)
    {
        foreach (string request in line[0].Split("<br>").Select(static request => request.Trim().Trim('`')))
        {
            int answer = int.Parse(line[^1], System.Globalization.CultureInfo.InvariantCulture);
            yield return new MatrixRow(
                request, line[1..^1].Any(static cell => cell.Contains('/', StringComparison.Ordinal)),
                [.. columns.Zip(line[1..^1], (column, cell) => (column, MatrixCell.Parse(cell, answer)))]);
        }
    }
}

/// <summary>A request and what each caller is answered.</summary>
/// <param name="Request">Method and route.</param>
/// <param name="HasOwner">Whether it matters whose run it is about.</param>
/// <param name="Cells">The answers by caller.</param>
internal sealed record MatrixRow(string Request, bool HasOwner, IReadOnlyList<(string Column, MatrixCell Cell)> Cells);

/// <summary>The status that a caller is answered.</summary>
/// <param name="Own">For a run of its own.</param>
/// <param name="Others">For one of another.</param>
internal sealed record MatrixCell(int Own, int Others)
{
    public static MatrixCell Parse(string cell, int answer)
    {
        int[] statuses = [.. cell.Split('/', StringSplitOptions.TrimEntries).Select(word => word switch
        {
            "yes" => answer,
            "no" => 403,
            "hidden" => 404,
            "401" => 401,
            _ => throw new FormatException($"docs/security.md: '{word}' is no answer; use yes, no, hidden or 401."),
        })];
        return new MatrixCell(statuses[0], statuses[^1]);
    }
}
