namespace AgentFunctions.Governance.Approvals;

/// <summary>Represents a part of a call's arguments that is masked for the people who decide.</summary>
/// <param name="Path">Where it stands: the names of the arguments down to it, such as <c>$.headers.token</c>.</param>
/// <param name="Length">How many characters are hidden.</param>
/// <param name="Why">Why, in words.</param>
/// <param name="IsPlain">
/// Whether it is a plain value: one short line. What is more than that could hide what the call really does, so the call's risk
/// is high.
/// </param>
public sealed record MaskedPart(string Path, int Length, string Why, bool IsPlain);
