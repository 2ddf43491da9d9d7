namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>An event of a stream.</summary>
/// <param name="Sent">What is sent.</param>
/// <param name="IsPiece">
/// Whether it is a piece of a text that was masked as a whole: one that was cut in the middle of a word may look like a secret that
/// is none.
/// </param>
internal readonly record struct DoorEvent(byte[] Sent, bool IsPiece = false);
