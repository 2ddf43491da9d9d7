using Azure;
using Azure.Storage.Blobs.Models;

namespace AgentFunctions.AzureStorage;

/// <summary>
/// Tells what others have changed from what the account refuses for a reason of its own, such as a container that is gone or a
/// lease, which answers with the same statuses.
/// </summary>
internal static class Refusals
{
    /// <summary>Whether the blob is not in the version, or the state, that the call was made for.</summary>
    public static bool IsConditionNotMet(this RequestFailedException e) =>
        e.ErrorCode == BlobErrorCode.ConditionNotMet || e.ErrorCode == BlobErrorCode.BlobAlreadyExists;

    /// <summary>Whether the append blob ends elsewhere.</summary>
    public static bool IsElsewhere(this RequestFailedException e) => e.ErrorCode == BlobErrorCode.AppendPositionConditionNotMet;

    /// <summary>Whether there is no such blob in its container, which is there.</summary>
    public static bool IsMissing(this RequestFailedException e) => e.ErrorCode == BlobErrorCode.BlobNotFound;
}
