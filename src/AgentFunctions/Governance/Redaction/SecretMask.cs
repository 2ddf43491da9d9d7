namespace AgentFunctions.Governance.Redaction;

/// <summary>A part of a text that is not shown.</summary>
/// <param name="Start">Where it begins, in bytes (UTF-8).</param>
/// <param name="Length">How many bytes it has.</param>
/// <param name="Text">What is shown in its place.</param>
/// <param name="Why">Why it is not shown, in words.</param>
/// <param name="IsPlain">Whether it is a plain value: one short line, no block of text that could hold anything else.</param>
internal readonly record struct SecretMask(int Start, int Length, string Text, string Why, bool IsPlain)
{
    public int End => Start + Length;

    /// <summary>Orders masks and joins those that overlap.</summary>
    public static IReadOnlyList<SecretMask> Join(List<SecretMask> masks)
    {
        if (masks.Count < 2)
        {
            return masks;
        }

        masks.Sort(static (left, right) => left.Start != right.Start
            ? left.Start.CompareTo(right.Start)
            : right.Length.CompareTo(left.Length));
        List<SecretMask> joined = [masks[0]];
        foreach (SecretMask next in masks.Skip(1))
        {
            SecretMask last = joined[^1];
            if (next.Start >= last.End)
            {
                joined.Add(next);
                continue;
            }

            SecretMask named = next.Length > last.Length ? next : last;
            joined[^1] = named with
            {
                Start = last.Start,
                Length = Math.Max(last.End, next.End) - last.Start,
                IsPlain = last.IsPlain && next.IsPlain,
            };
        }

        return joined;
    }
}
