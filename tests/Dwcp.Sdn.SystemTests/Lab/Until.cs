using System.Diagnostics;

namespace Dwcp.Sdn.SystemTests;

/// <summary>Waiting for something that others bring about, until it is there or its time is over.</summary>
internal static class Until
{
    /// <summary>Asks until the answer is yes and returns how long that took.</summary>
    /// <param name="what">What is waited for, for the message.</param>
    /// <param name="state">What to show when it does not come.</param>
    /// <exception cref="TimeoutException">It did not come.</exception>
    public static async Task<TimeSpan> TrueAsync(string what, TimeSpan within, Func<Task<bool>> ask, Func<Task<string>>? state = null)
    {
        var clock = Stopwatch.StartNew();
        while (!await ask())
        {
            if (clock.Elapsed > within)
            {
                throw new TimeoutException($"{what}: not within {within.TotalSeconds:0.#} s\n{(state is null ? "" : await state())}");
            }

            await Task.Delay(20);
        }

        return clock.Elapsed;
    }
}
