namespace AgentFunctions.Snapshots;

/// <summary>A run of lines that became other lines.</summary>
/// <param name="Start">The first line in the earlier text.</param>
/// <param name="End">The line behind the last one.</param>
/// <param name="Lines">What stands there in the later text.</param>
internal sealed record LineChange(int Start, int End, IReadOnlyList<string> Lines);

/// <summary>Finds by which lines two texts differ: the fewest, by Myers' algorithm.</summary>
internal static class LineDiff
{
    /// <summary>How many lines may differ. The work grows with its square.</summary>
    private const int MostDifferences = 2_000;

    /// <summary>Compares two texts.</summary>
    /// <param name="before">The lines of the earlier one.</param>
    /// <param name="after">The lines of the later one.</param>
    /// <returns>The changes in order; <see langword="null"/> if there are too many.</returns>
    public static IReadOnlyList<LineChange>? Between(IReadOnlyList<string> before, IReadOnlyList<string> after)
    {
        int start = 0;
        while (start < before.Count && start < after.Count && before[start] == after[start])
        {
            start++;
        }

        int end = 0;
        while (end < before.Count - start && end < after.Count - start && before[^(end + 1)] == after[^(end + 1)])
        {
            end++;
        }

        string[] one = [.. before.Skip(start).Take(before.Count - start - end)];
        string[] other = [.. after.Skip(start).Take(after.Count - start - end)];
        return Steps(one, other) is { } steps ? Changes(steps, one.Length, other, start) : null;
    }

    /// <summary>Finds the pairs of equal lines, last first; <see langword="null"/> if there are too many differences.</summary>
    private static List<(int Before, int After)>? Steps(string[] before, string[] after)
    {
        int most = Math.Min(before.Length + after.Length, MostDifferences);
        var furthest = new int[(2 * most) + 3];
        var trace = new List<int[]>();
        for (int differences = 0; differences <= most; differences++)
        {
            trace.Add(furthest[(most + 1 - differences)..(most + 2 + differences)]);
            for (int diagonal = -differences; diagonal <= differences; diagonal += 2)
            {
                int place = most + 1 + diagonal;
                bool isDown = diagonal == -differences || (diagonal != differences && furthest[place - 1] < furthest[place + 1]);
                int x = isDown ? furthest[place + 1] : furthest[place - 1] + 1;
                int y = x - diagonal;
                while (x < before.Length && y < after.Length && before[x] == after[y])
                {
                    x++;
                    y++;
                }

                furthest[place] = x;
                if (x >= before.Length && y >= after.Length)
                {
                    return Back(trace, before.Length, after.Length);
                }
            }
        }

        return null;
    }

    private static List<(int Before, int After)> Back(List<int[]> trace, int x, int y)
    {
        var same = new List<(int Before, int After)>();
        for (int differences = trace.Count - 1; differences >= 0; differences--)
        {
            int[] furthest = trace[differences];
            int diagonal = x - y;
            bool isDown = diagonal == -differences || (diagonal != differences && At(diagonal - 1) < At(diagonal + 1));
            int fromDiagonal = isDown ? diagonal + 1 : diagonal - 1;
            int fromX = differences == 0 ? 0 : At(fromDiagonal);
            int fromY = differences == 0 ? 0 : fromX - fromDiagonal;
            while (x > fromX && y > fromY)
            {
                same.Add((--x, --y));
            }

            (x, y) = (fromX, fromY);

            int At(int wanted) => wanted + differences is >= 0 and var place && place < furthest.Length ? furthest[place] : 0;
        }

        return same;
    }

    private static List<LineChange> Changes(List<(int Before, int After)> same, int length, string[] after, int offset)
    {
        var changes = new List<LineChange>();
        (int before, int later) = (0, 0);
        for (int i = same.Count - 1; i >= -1; i--)
        {
            (int x, int y) = i < 0 ? (length, after.Length) : same[i];
            if (x > before || y > later)
            {
                changes.Add(new LineChange(offset + before, offset + x, after[later..y]));
            }

            (before, later) = (x + 1, y + 1);
        }

        return changes;
    }
}
