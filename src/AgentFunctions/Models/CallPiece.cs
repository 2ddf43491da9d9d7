using Microsoft.Extensions.AI;

namespace AgentFunctions.Models;

/// <summary>
/// A piece of a call that a model is asking for: the <see cref="ChatResponseUpdate.RawRepresentation"/> of an update without
/// contents, which says how far the call has come before it is whole.
/// </summary>
/// <param name="Call">The number of the call within the answer, from 0.</param>
/// <param name="Tool">The tool, as far as its name has come.</param>
/// <param name="Arguments">What came of its arguments.</param>
internal sealed record CallPiece(int Call, string Tool, string Arguments);
