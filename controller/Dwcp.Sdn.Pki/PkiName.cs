using System.Text.RegularExpressions;

namespace Dwcp.Sdn.Pki;

/// <summary>What may be the name of a certificate, and so of a file: the ids of the API, which cannot leave a directory.</summary>
internal static partial class PkiName
{
    public static bool IsValid(string name) => Id().IsMatch(name);

    [GeneratedRegex(@"\A[a-z0-9][-._a-z0-9]{0,62}\z")]
    private static partial Regex Id();
}
