/* sallyport - the operator's command. */
#include "sallyport/ctl.h"

int main(int argc, char **argv)
{
	return sp_ctl_main(argc, argv);
}
